#include "store/value.hpp"

#include "base/encoding.hpp"

#include <cmath>

namespace fairlead::store {

void check_values(std::span<const Value> values) {
  for (const Value& value : values) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      if (text->find('\0') != std::string::npos)
        throw Failure(invalid("text must not hold a NUL character"));
      if (!is_valid_utf8(*text)) throw Failure(invalid("text must be UTF-8"));
    } else if (const auto* number = std::get_if<double>(&value)) {
      if (std::isnan(*number)) throw Failure(invalid("a number is expected, not NaN"));
    }
  }
}

}  // namespace fairlead::store
