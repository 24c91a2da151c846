// The parsed form of an expression: made by expression_parser.cpp, run by
// expression_evaluator.cpp.
#pragma once

#include "base/json.hpp"
#include "connector/expression.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector {

struct Expression {
  enum class Kind {
    literal,
    name,
    member,  ///< parts[0].text
    index,   ///< parts[0][parts[1]]
    list,
    not_,
    negate,
    and_,
    or_,
    equal,
    not_equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    in,
    not_in,
    add,
    subtract,
    choice,   ///< parts: then, condition, else (may be absent)
    filter,   ///< parts[0] | text(parts[1..])
    method,   ///< parts[0].text(parts[1..])
    function  ///< text(parts...)
  };
  Kind kind = Kind::literal;
  std::string text;
  json::value literal;
  std::vector<std::unique_ptr<Expression>> parts;
};

/// Literal text, then an expression (absent at the end of a template).
struct TemplatePiece {
  std::string text;
  std::unique_ptr<Expression> expression;
};

Result<std::vector<TemplatePiece>> parse_template(std::string_view text);
/// The text that the pieces make. Throws Failure(invalid_input), which names no values: they may be
/// secret. `steps`, unless nullptr, grows by the steps taken.
std::string evaluate(const std::vector<TemplatePiece>& pieces, const json::object& names,
                     Undefined undefined, Instant now, std::size_t* steps);

}  // namespace fairlead::connector
