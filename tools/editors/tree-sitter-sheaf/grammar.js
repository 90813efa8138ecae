/**
 * The grammar of Sheaf for editors. It follows `compiler/src/syntax/grammar.lalrpop`, which decides.
 *
 * - Words are keywords only where the grammar wants one, as in the compiler; where a name may stand too, the next
 *   token decides (`_soft_name`).
 * - Patterns, atoms and heads are read as expressions.
 * - Expressions come in two chains: the second, without record literals, stands where a `{` begins a body.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const PRECEDENCE = { or: 1, and: 2, comparison: 3, sum: 4, product: 5, unary: 6, postfix: 7 };

const OPERATORS = [
  [PRECEDENCE.or, '||'],
  [PRECEDENCE.and, '&&'],
  [PRECEDENCE.comparison, choice('==', '!=', '<', '<=', '>', '>=')],
  [PRECEDENCE.sum, choice('+', '-')],
  [PRECEDENCE.product, choice('*', '/', '%')],
];

/** Any number of elements with commas between them, and perhaps one at the end. */
const list = element => seq(repeat(seq(element, ',')), optional(element));

/** The same with one element at least. */
const list1 = element => seq(element, repeat(seq(',', element)), optional(','));

const binary = operand =>
  choice(
    ...OPERATORS.map(([precedence, operator]) =>
      prec.left(precedence, seq(field('left', operand), field('operator', operator), field('right', operand)))),
  );

const unary = operand => prec(PRECEDENCE.unary, seq(field('operator', choice('-', '!')), field('operand', operand)));

const member = ($, receiver) => prec(PRECEDENCE.postfix, seq(field('receiver', receiver), '.', field('name', $._word)));

const method = ($, receiver) =>
  prec(
    PRECEDENCE.postfix + 1,
    seq(field('receiver', receiver), '.', field('name', $._word), field('arguments', $.arguments)),
  );

/** Conditions with commas between them, of one of the two chains. */
const conditions = condition => seq(condition, repeat(seq(',', condition)));

const condition = ($, expression) =>
  seq(
    optional(field('quantifier', choice('not', 'exists', 'maybe'))),
    optional(field('mode', choice('sample', 'final'))),
    choice(
      expression,
      seq(field('atom', expression), '->', field('value', expression)),
      seq(field('element', expression), 'in', field('collection', expression)),
      seq('let', field('pattern', expression), '=', field('value', expression)),
    ),
  );

module.exports = grammar({
  name: 'sheaf',

  extras: $ => [/[ \t\r\n\uFEFF]/, $.comment, $.doc_comment, $.file_doc_comment],

  word: $ => $.identifier,

  supertypes: $ => [$.expression, $.type],

  rules: {
    source_file: $ => repeat($._item),

    comment: _ => token(choice('//', /\/\/[^\/!\n][^\n]*/, /\/\/\/\/[^\n]*/)),
    doc_comment: _ => token(choice('///', /\/\/\/[^\/\n][^\n]*/)),
    file_doc_comment: _ => token(/\/\/![^\n]*/),

    // Items

    _item: $ =>
      seq(
        repeat($.attribute),
        optional('pub'),
        choice(
          $.use_declaration,
          $.type_declaration,
          $.record_declaration,
          $.enum_declaration,
          $.function_declaration,
          $.lattice_declaration,
          $.input_declaration,
          $.param_declaration,
          $.view_declaration,
          $.output_declaration,
          $.extern_block,
          $.table_declaration,
          $.event_declaration,
          $.message_declaration,
          $.request_declaration,
          $.timer_declaration,
          $.service_declaration,
          $.agent_declaration,
          $.coordinate_block,
          $.on_block,
          $.rule,
          $.test_block,
        ),
      ),

    item_body: $ => seq('{', repeat($._item), '}'),

    attribute: $ =>
      prec.right(seq('@', field('name', $.identifier), optional(field('arguments', $.plain_arguments)))),

    use_declaration: $ =>
      seq(
        'use',
        field('path', $._dotted),
        optional(choice(seq('as', field('alias', $._word)), seq('.', $.use_list))),
        ';',
      ),
    use_list: $ => seq('{', list($.use_name), '}'),
    use_name: $ => seq(field('name', $._word), optional(seq('as', field('alias', $._word)))),

    type_declaration: $ =>
      seq('type', field('name', $._word), optional($.type_parameters), '=', field('type', $.type), ';'),

    record_declaration: $ =>
      seq('record', field('name', $._word), optional($.type_parameters), field('fields', $.record_fields)),
    record_fields: $ => seq('{', list($.column), '}'),

    enum_declaration: $ =>
      seq('enum', field('name', $._word), optional($.type_parameters), field('variants', $.enum_variants)),
    enum_variants: $ => seq('{', list($.variant), '}'),
    variant: $ => seq(field('name', $._word), optional(seq('(', list($.type), ')'))),

    function_declaration: $ =>
      seq(
        optional('monotone'),
        'fn',
        field('name', $._word),
        optional($.type_parameters),
        field('parameters', $.columns),
        optional($._result),
        field('body', $.block),
      ),

    lattice_declaration: $ =>
      seq(
        'lattice',
        field('name', $._word),
        optional($.type_parameters),
        'on',
        field('type', $.type),
        field('body', $.item_body),
      ),

    input_declaration: $ =>
      seq('input', $._signature, 'from', field('source', $.connector), optional($.late), ';'),
    late: $ => seq('late', field('bound', $.expression), 'by', field('column', $.identifier)),

    param_declaration: $ =>
      seq(
        'param',
        field('name', $.identifier),
        ':',
        field('type', $.type),
        optional(seq('=', field('default', $.expression))),
        ';',
      ),

    view_declaration: $ => seq('view', $._signature, ';'),
    table_declaration: $ => seq('table', $._signature, ';'),
    event_declaration: $ => seq('event', $._signature, ';'),
    message_declaration: $ => seq('message', $._signature, ';'),
    request_declaration: $ => seq('request', $._signature, ';'),

    output_declaration: $ =>
      seq(
        'output',
        optional(field('mode', 'final')),
        field('relation', choice($.path, alias($._soft_name, $.identifier))),
        'to',
        field('sink', $.connector),
        ';',
      ),

    timer_declaration: $ => seq('timer', field('name', $._word), 'every', field('every', $.expression), ';'),

    extern_block: $ =>
      seq(
        'extern',
        field('host', $.identifier),
        field('location', $.string),
        optional(seq('as', field('alias', $._word))),
        field('body', $.extern_body),
      ),
    extern_body: $ => seq('{', repeat($.extern_member), '}'),
    extern_member: $ =>
      seq(
        repeat($.attribute),
        choice('fn', 'request'),
        field('name', $._word),
        optional($.type_parameters),
        field('parameters', $.columns),
        optional($._result),
        ';',
      ),

    service_declaration: $ => seq('service', field('name', $._word), field('body', $.item_body)),

    agent_declaration: $ =>
      seq('agent', field('name', $._word), field('key', $.columns), field('body', $.item_body)),

    coordinate_block: $ =>
      seq(
        'coordinate',
        field('name', $.identifier),
        'by',
        field('by', $._expression_before_body),
        optional($.because),
        field('body', $.item_body),
      ),

    on_block: $ =>
      seq(
        'on',
        field('event', $._relation),
        optional(seq('as', field('alias', $.identifier))),
        optional(seq('if', alias($._conditions_before_body, $.conditions))),
        field('body', $.on_body),
      ),
    on_body: $ => seq('{', repeat(choice($.let, $.rule)), '}'),

    let: $ => seq('let', field('pattern', $.expression), '=', field('value', $.expression), ';'),

    because: $ => seq('because', field('reason', $.string)),

    type_parameters: $ => seq('<', list($.type_identifier), '>'),

    columns: $ => seq('(', list($.column), ')'),
    column: $ => seq(repeat($.attribute), field('name', $._word), ':', field('type', $.type)),

    _signature: $ => seq(field('name', $._word), field('columns', $.columns), optional($._result)),
    _result: $ => seq('->', field('result', $.type)),

    connector: $ => seq(field('name', $.identifier), field('arguments', $.plain_arguments)),

    // Rules

    rule: $ =>
      seq(
        choice(
          field('head', $._row),
          $.merge,
          $.remove,
          $.seal,
          $.send,
          $.schedule,
          $.reply,
        ),
        optional(seq('if', $.conditions)),
        optional($.because),
        ';',
      ),

    merge: $ => seq('merge', $._row),
    remove: $ => seq('remove', $._row),
    seal: $ => seq('seal', $._row),
    send: $ => seq('send', field('message', $._relation), 'to', field('to', $.expression)),
    schedule: $ => seq('schedule', field('event', $._relation), 'after', field('after', $.expression)),
    reply: $ => seq('reply', field('value', $.expression)),

    _row: $ => seq($._relation, optional(seq('->', field('value', $.expression)))),

    // A relation with its columns. It begins with a word, so that no rule can be taken for the rest of what stands
    // before it.
    _relation: $ =>
      choice(
        $._name,
        $.call,
        alias($._relation_member, $.member),
        alias($._relation_method, $.method_call),
      ),
    _relation_member: $ => member($, $._relation),
    _relation_method: $ => method($, $._relation),

    conditions: $ => conditions($.condition),
    condition: $ => condition($, $.expression),

    _conditions_before_body: $ => conditions(alias($._condition_before_body, $.condition)),
    _condition_before_body: $ => condition($, $._expression_before_body),

    // Tests

    test_block: $ => seq('test', field('name', $.string), field('body', $.test_body)),
    test_body: $ => seq('{', repeat(choice($.given, $.expect, $.after, $.in_service)), '}'),
    given: $ => seq('given', list1(choice($.given_fact, $.given_param)), ';'),
    given_fact: $ => seq($._row, optional(seq('as', field('alias', $.identifier)))),
    given_param: $ => seq(field('name', $.identifier), '=', field('value', $.expression)),
    expect: $ => seq('expect', $.conditions, ';'),
    after: $ => seq('after', field('duration', $.expression), ';'),
    in_service: $ => seq('in', field('service', $._expression_before_body), field('body', $.test_body)),

    // Types

    type: $ => choice($.named_type, $.tuple_type),
    named_type: $ => seq(field('name', $.path), optional($.type_arguments), optional($.type_values)),
    type_arguments: $ => seq('<', list1($.type), '>'),
    type_values: $ => seq('(', list1($.expression), ')'),
    tuple_type: $ => seq('(', list($.type), ')'),

    // Expressions

    expression: $ =>
      choice(
        $.binary,
        $.unary,
        $.member,
        $.method_call,
        $.record_literal,
        $._primary,
      ),

    binary: $ => binary($.expression),
    unary: $ => unary($.expression),
    member: $ => member($, $.expression),
    method_call: $ => method($, $.expression),

    record_literal: $ =>
      prec(
        PRECEDENCE.postfix + 1,
        seq(
          optional(seq(field('module', $.expression), '.')),
          field('name', $.type_identifier),
          field('fields', $.field_values),
        ),
      ),
    field_values: $ => seq('{', list(choice($.field_value, $.rest)), '}'),
    field_value: $ => seq(field('name', $.identifier), optional(seq(':', field('value', $.expression)))),

    _expression_before_body: $ =>
      choice(
        alias($._binary_before_body, $.binary),
        alias($._unary_before_body, $.unary),
        alias($._member_before_body, $.member),
        alias($._method_before_body, $.method_call),
        $._primary,
      ),

    _binary_before_body: $ => binary($._expression_before_body),
    _unary_before_body: $ => unary($._expression_before_body),
    _member_before_body: $ => member($, $._expression_before_body),
    _method_before_body: $ => method($, $._expression_before_body),

    _primary: $ =>
      choice(
        $.integer,
        $.float,
        $.duration,
        $.string,
        $.boolean,
        $.wildcard,
        $._name,
        $.call,
        $.tuple,
        $.list,
        $.list_comprehension,
        $.set,
        $.map,
        $.set_comprehension,
        $.map_comprehension,
        $.if,
        $.match,
      ),

    call: $ => seq(field('function', $._name), field('arguments', $.arguments)),

    arguments: $ =>
      seq('(', repeat(seq($._argument, ',')), optional(choice($._argument, $.comprehension)), ')'),
    plain_arguments: $ => seq('(', list($._argument), ')'),
    _argument: $ => choice($.expression, $.named_argument, $.rest),
    named_argument: $ =>
      seq(
        field('name', choice($._word, alias(choice('if', 'match', 'sample', 'final'), $.identifier))),
        ':',
        field('value', $.expression),
      ),
    rest: _ => '..',

    comprehension: $ => seq(field('element', $.expression), 'for', $.conditions),

    tuple: $ => seq('(', list($.expression), ')'),
    list: $ => seq('[', list($.expression), ']'),
    list_comprehension: $ => seq('[', $.comprehension, ']'),
    set: $ => seq('{', list($.expression), '}'),
    set_comprehension: $ => seq('{', $.comprehension, '}'),
    map: $ => seq('{', list1($.entry), '}'),
    entry: $ => seq(field('key', $.expression), ':', field('value', $.expression)),
    map_comprehension: $ => seq('{', field('key', $.expression), ':', $.comprehension, '}'),

    if: $ =>
      seq(
        'if',
        field('condition', $._expression_before_body),
        field('then', $.block),
        'else',
        field('otherwise', choice($.block, $.if)),
      ),
    block: $ => seq('{', repeat($.let), field('result', $.expression), '}'),

    match: $ => seq('match', field('subject', $._expression_before_body), field('arms', $.match_arms)),
    match_arms: $ => seq('{', list($.match_arm), '}'),
    match_arm: $ => seq(field('pattern', $.expression), '=>', field('body', $.expression)),

    boolean: _ => choice('true', 'false'),
    wildcard: _ => '_',

    integer: _ => /[0-9][0-9_]*/,
    float: _ => token(choice(/[0-9][0-9_]*\.[0-9][0-9_]*([eE][+-]?[0-9]+)?/, /[0-9][0-9_]*[eE][+-]?[0-9]+/)),
    duration: _ => /[0-9][0-9_]*(us|ms|s|min|h|d)/,

    string: $ =>
      seq('"', repeat(choice($.string_content, $.escape_sequence)), token.immediate('"')),
    string_content: _ => token.immediate(prec(1, /[^"\\\n]+/)),
    escape_sequence: _ => token.immediate(/\\([ntr0\\"]|u\{[0-9a-fA-F]{1,6}\})/),

    // Names

    path: $ => $._dotted,
    _dotted: $ => choice($._word, seq($._dotted, '.', $._word)),

    _word: $ => choice($.identifier, $.type_identifier),

    _name: $ => choice($._word, alias($._soft_name, $.identifier)),

    // Words that are names unless what follows makes them keywords.
    _soft_name: _ => prec(1, choice('sample', 'final', 'test', 'monotone')),

    // The letters of Unicode; the first one tells relations, functions and variables from types and constructors.
    identifier: _ =>
      new RustRegex('_[\\p{Alphabetic}\\p{N}_]+|[\\p{Alphabetic}&&\\P{Uppercase}][\\p{Alphabetic}\\p{N}_]*'),
    type_identifier: _ => new RustRegex('\\p{Uppercase}[\\p{Alphabetic}\\p{N}_]*'),
  },
});
