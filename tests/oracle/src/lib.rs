//! A naive evaluator over the checked program: the independent oracle of the tests. Shares no IR, kernel or engine code.
