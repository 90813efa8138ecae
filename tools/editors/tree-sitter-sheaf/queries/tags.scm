(function_declaration name: (_) @name) @definition.function
(extern_member name: (_) @name) @definition.function
(input_declaration name: (_) @name) @definition.interface
(view_declaration name: (_) @name) @definition.function
(table_declaration name: (_) @name) @definition.class
(event_declaration name: (_) @name) @definition.interface
(message_declaration name: (_) @name) @definition.interface
(request_declaration name: (_) @name) @definition.interface
(timer_declaration name: (_) @name) @definition.interface
(param_declaration name: (_) @name) @definition.constant
(type_declaration name: (_) @name) @definition.type
(record_declaration name: (_) @name) @definition.class
(enum_declaration name: (_) @name) @definition.class
(lattice_declaration name: (_) @name) @definition.class
(service_declaration name: (_) @name) @definition.module
(agent_declaration name: (_) @name) @definition.module

(call function: (identifier) @name) @reference.call
(method_call name: (identifier) @name) @reference.call
(named_type name: (path (type_identifier) @name)) @reference.type
