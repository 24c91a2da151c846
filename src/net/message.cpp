#include "net/message.hpp"

#include <algorithm>
#include <array>

namespace fairlead::net {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr std::array<bool, 256> name_characters = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

}  // namespace

bool same_header(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t before = out.size();
  out.resize(before + name.size() + value.size() + 4);  // once, not for each of the four parts
  const auto colon = std::copy(name.begin(), name.end(), out.data() + before);
  colon[0] = ':';
  colon[1] = ' ';
  const auto end = std::copy(value.begin(), value.end(), colon + 2);
  end[0] = '\r';
  end[1] = '\n';
}

bool is_header_name(std::string_view name) noexcept {
  bool good = !name.empty();
  for (const char c : name) good &= name_characters[static_cast<unsigned char>(c)];
  return good;
}

bool is_header_value(std::string_view value) noexcept {
  bool good = true;
  for (const char c : value) {  // to the end: so many characters are looked at together
    const auto byte = static_cast<unsigned char>(c);
    good &= (byte == '\t') | ((byte >= 0x20) & (byte != 0x7f));
  }
  return good;
}

const std::string* Headers::find(std::string_view name) const noexcept {
  for (const Header& field : fields_)
    if (same_header(field.name, name)) return &field.value;
  return nullptr;
}

std::size_t Headers::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(),
                    [&](const Header& field) { return same_header(field.name, name); }));
}

void Headers::set(std::string_view name, std::string value) {
  const auto first = std::find_if(fields_.begin(), fields_.end(), [&](const Header& field) {
    return same_header(field.name, name);
  });
  if (first == fields_.end()) {
    add(std::string(name), std::move(value));
    return;
  }
  *first = {std::string(name), std::move(value)};
  fields_.erase(std::remove_if(first + 1, fields_.end(),
                               [&](const Header& field) { return same_header(field.name, name); }),
                fields_.end());
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Header& field) { return same_header(field.name, name); });
}

}  // namespace fairlead::net
