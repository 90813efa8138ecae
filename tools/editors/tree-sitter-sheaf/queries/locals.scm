; Variables live in their rule, function, block or comprehension; all else belongs to the file.

(source_file) @local.scope
(item_body) @local.scope
(rule) @local.scope
(on_block) @local.scope
(test_block) @local.scope
(function_declaration) @local.scope
(block) @local.scope
(comprehension) @local.scope
(match_arm) @local.scope

(function_declaration name: (_) @local.definition.function)
(function_declaration parameters: (columns (column name: (identifier) @local.definition.parameter)))
(param_declaration name: (identifier) @local.definition.var)
(let pattern: (identifier) @local.definition.var)
(given_fact alias: (identifier) @local.definition.var)
(on_block alias: (identifier) @local.definition.var)

(record_declaration name: (_) @local.definition.type)
(enum_declaration name: (_) @local.definition.type)
(type_declaration name: (_) @local.definition.type)
(lattice_declaration name: (_) @local.definition.type)

(identifier) @local.reference
(type_identifier) @local.reference
