#include "access/names.hpp"

#include "base/encoding.hpp"

#include <string>

namespace fairlead::access {
namespace {

bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    // U+0080 to U+009F are controls too.
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
      return true;
  }
  return false;
}

}  // namespace

Result<Done> check_name(const char* field, std::string_view text) {
  const std::string name(field);
  if (!is_valid_utf8(text)) return invalid_field(name, name + " must be valid UTF-8");
  if (text.find_first_not_of(' ') == std::string_view::npos)
    return invalid_field(name, name + " must not be empty", "missing");
  if (utf8_prefix(text, 255) != text.size())
    return invalid_field(name, name + " must have at most 255 characters", "too_long");
  if (has_control(text))
    return invalid_field(name, name + " must not hold control characters (line ends, tabs)");
  return Done{};
}

Result<Done> check_email(const char* field, std::string_view text) {
  const std::string name(field);
  const std::size_t at = text.find('@');
  const bool good = is_valid_utf8(text) && text.size() <= 254 && at != std::string_view::npos &&
                    at > 0 && at == text.rfind('@') && at + 1 < text.size() &&
                    text.find(' ') == std::string_view::npos && !has_control(text) &&
                    text.back() != '.' && text[at + 1] != '.';
  if (!good) return invalid_field(name, name + " must be an e-mail address");
  return Done{};
}

}  // namespace fairlead::access
