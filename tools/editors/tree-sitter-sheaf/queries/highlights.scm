; What comes later wins, as in Neovim, Helix and Zed.

; Names

(identifier) @variable
(type_identifier) @type
(wildcard) @character.special

(path (identifier) @module)
(use_declaration path: (identifier) @module)
(output_declaration relation: (path (identifier) @variable))

(call function: (type_identifier) @constructor)
(call function: (identifier) @function.call)
(method_call name: (identifier) @function.method.call)
(method_call name: (type_identifier) @constructor)
(member name: (identifier) @variable.member)
(member name: (type_identifier) @constructor)

(named_argument name: (identifier) @variable.parameter)
(field_value name: (identifier) @property)
(column name: (identifier) @variable.parameter)
(record_fields (column name: (identifier) @property))
(variant name: (type_identifier) @constructor)

(function_declaration name: (identifier) @function)
(extern_member name: (identifier) @function)
(view_declaration name: (identifier) @function)
(table_declaration name: (identifier) @function)
(input_declaration name: (identifier) @function)
(event_declaration name: (identifier) @function)
(message_declaration name: (identifier) @function)
(request_declaration name: (identifier) @function)
(timer_declaration name: (identifier) @function)
(connector name: (identifier) @function.builtin)
(attribute "@" @punctuation.special name: (identifier) @attribute)

; Literals

(string) @string
(escape_sequence) @string.escape
(integer) @number
(duration) @number
(float) @number.float
(boolean) @boolean

; Comments

(comment) @comment
(doc_comment) @comment.documentation
(file_doc_comment) @comment.documentation

; Words

[
  "use" "pub" "fn" "on" "as" "because" "let"
  "type" "record" "enum" "lattice" "input" "param" "view" "output" "extern" "table" "event" "message" "request"
  "timer" "service" "agent" "coordinate" "test" "monotone"
  "from" "late" "by" "to" "every" "after"
  "given" "expect"
  "merge" "remove" "seal" "send" "schedule" "reply"
] @keyword

["if" "else" "match"] @keyword.conditional
["not" "maybe" "exists" "sample" "final" "in" "for"] @keyword.operator

; Symbols

["->" "=>" "=" "==" "!=" "<" "<=" ">" ">=" "&&" "||" "!" "+" "-" "*" "/" "%"] @operator
(rest) @punctuation.special
["," ";" ":" "."] @punctuation.delimiter
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
(type_parameters ["<" ">"] @punctuation.bracket)
(type_arguments ["<" ">"] @punctuation.bracket)
