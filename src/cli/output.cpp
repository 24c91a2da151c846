#include "cli/output.hpp"

#include "base/encoding.hpp"
#include "cli/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace fairlead::cli {
namespace {

std::pair<std::string_view, std::string_view> split_first(std::string_view dotted) {
  const auto dot = dotted.find('.');
  if (dot == std::string_view::npos) return {dotted, {}};
  return {dotted.substr(0, dot), dotted.substr(dot + 1)};
}

/// Copies the part of `from` at `dotted` into `into`, keeping the nesting. Answers whether anything
/// was there.
bool copy_path(const json::value& from, std::string_view dotted, json::value& into) {
  if (const auto* list = from.if_array()) {
    if (!into.is_array()) into = json::array(list->size(), json::value(json::object{}));
    bool found = false;
    for (std::size_t i = 0; i < list->size(); ++i)
      found |= copy_path((*list)[i], dotted, into.as_array()[i]);
    return found;
  }
  const auto* object = from.if_object();
  if (object == nullptr) return false;
  const auto [name, rest] = split_first(dotted);
  const auto* member = object->if_contains(name);
  if (member == nullptr) return false;
  if (!into.is_object()) into = json::object{};
  if (rest.empty()) {
    into.as_object()[name] = *member;
    return true;
  }
  json::value inner =
      into.as_object().contains(name) ? into.as_object()[name] : json::value(nullptr);
  if (!copy_path(*member, rest, inner)) return false;
  into.as_object()[name] = std::move(inner);
  return true;
}

bool copy_paths(const json::value& from, const std::vector<std::string>& fields,
                json::value& into) {
  bool found = false;
  for (const auto& field : fields) found |= copy_path(from, field, into);
  return found;
}

/// The first code point of valid UTF-8, and its bytes.
struct Mark {
  char32_t point;
  std::size_t bytes;
};

Mark first_mark(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t point = bytes == 1 ? lead : lead & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes && i < text.size(); ++i)
    point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3fu);
  return {point, std::min(bytes, text.size())};
}

struct Range {
  char32_t first, last;
};

template <std::size_t size>
bool is_in(const std::array<Range, size>& ranges, char32_t point) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [point](Range range) { return point >= range.first && point <= range.last; });
}

/// What would steer the terminal: controls, line ends, and what turns the direction of writing.
constexpr std::array steering = {Range{0x00, 0x1f},     Range{0x7f, 0x9f},
                                 Range{0x61c, 0x61c},   Range{0x200e, 0x200f},
                                 Range{0x2028, 0x202e}, Range{0x2066, 0x2069}};
/// What a terminal shows two columns wide, as far as it matters in names, and what it puts onto the
/// character before.
constexpr std::array wide = {
    Range{0x1100, 0x115f},   Range{0x2e80, 0x303e},   Range{0x3041, 0xa4cf},
    Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},
    Range{0xff01, 0xff60},   Range{0xffe0, 0xffe6},   Range{0x1f300, 0x1f64f},
    Range{0x1f680, 0x1f6ff}, Range{0x1f900, 0x1f9ff}, Range{0x20000, 0x3fffd}};
constexpr std::array joined = {Range{0x300, 0x36f}, Range{0x200b, 0x200d}, Range{0x20d0, 0x20ff},
                               Range{0xfe00, 0xfe0f}, Range{0xfeff, 0xfeff}};

std::size_t columns_of(char32_t point) {
  if (point < 0x300) return 1;
  return is_in(joined, point) ? 0 : is_in(wide, point) ? 2 : 1;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Mark mark = first_mark(text);
    columns += columns_of(mark.point);
    text.remove_prefix(mark.bytes);
  }
  return columns;
}

std::string to_cell(const json::value* value) {
  if (value == nullptr || value->is_null()) return "-";
  const auto* text = value->if_string();
  return text != nullptr ? plain(view(*text)) : to_compact(*value);
}

std::string cut_to(std::string text, std::size_t width) {
  if (columns_of(text) <= width) return text;
  std::size_t columns = 0, end = 0;
  for (;;) {
    const Mark mark = first_mark(std::string_view(text).substr(end));
    columns += columns_of(mark.point);
    if (columns + 1 > width) break;
    end += mark.bytes;
  }
  text.resize(end);
  return text + "…";
}

/// Writes JSON, on one line or with line breaks. Numbers look as people write them: 12.5,
/// not 1.25E1.
class Writer {
 public:
  explicit Writer(bool with_breaks) : with_breaks_(with_breaks) {}

  std::string text(const json::value& value) && {
    write(value, 0);
    return std::move(out_);
  }

 private:
  void write(const json::value& value, std::size_t depth) {
    if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
      write_all(*object, '{', '}', depth, [&](const auto& member) {
        append_json_string(out_, std::string_view(member.key().data(), member.key().size()));
        out_ += with_breaks_ ? ": " : ":";
        write(member.value(), depth + 1);
      });
    } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
      write_all(*array, '[', ']', depth, [&](const auto& one) { write(one, depth + 1); });
    } else if (value.is_double()) {
      const std::string number = fmt::format("{}", value.get_double());
      out_ += number;
      if (number.find_first_of(".e") == std::string::npos) out_ += ".0";
    } else {
      out_ += json::serialize(value);
    }
  }
  template <class Container, class WriteOne>
  void write_all(const Container& all, char begin, char end, std::size_t depth,
                 const WriteOne& write_one) {
    out_ += begin;
    bool first = true;
    for (const auto& one : all) {
      if (!first) out_ += ',';
      first = false;
      line(depth + 1);
      write_one(one);
    }
    line(depth);
    out_ += end;
  }
  void line(std::size_t depth) {
    if (!with_breaks_) return;
    out_ += '\n';
    out_.append(2 * depth, ' ');
  }

  const bool with_breaks_;
  std::string out_;
};

}  // namespace

const json::value* find_path(const json::value& root, std::string_view dotted) {
  const json::value* at = &root;
  while (at != nullptr && !dotted.empty()) {
    const auto [name, rest] = split_first(dotted);
    const auto* object = at->if_object();
    at = object != nullptr ? object->if_contains(name) : nullptr;
    dotted = rest;
  }
  return at;
}

json::value select_fields(const json::value& value, const std::vector<std::string>& fields) {
  json::value chosen;
  if (copy_paths(value, fields, chosen)) return chosen;
  if (const auto* object = value.if_object()) {
    std::vector<json::string_view> arrays;
    for (const auto& [key, member] : *object)
      if (member.is_array()) arrays.push_back(key);
    if (arrays.size() == 1) {
      json::value inner;
      if (copy_paths(object->at(arrays[0]), fields, inner))
        return json::object{{arrays[0], std::move(inner)}};
    }
  }
  Problem problem("validation_error", "none of the fields of --fields is in the answer");
  problem.detail = json::object{{"response", value}};
  throw problem;
}

std::string to_table(const json::value& value, const std::vector<Column>& columns,
                     std::size_t width) {
  const json::value* data = value.is_object() ? value.as_object().if_contains("data") : &value;
  if (data != nullptr && !data->is_array()) return to_pretty(value) + "\n";
  const json::array& rows = data != nullptr ? data->as_array() : json::array{value};
  if (rows.empty()) return "(none)\n";

  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths;
  for (const auto& column : columns) widths.push_back(columns_of(column.title));
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      line.push_back(to_cell(find_path(row, columns[i].path)));
      widths[i] = std::max(widths[i], columns_of(line.back()));
    }
  }
  // The widest columns give way first; an id (36 characters) stays whole where it can.
  std::size_t total = 2 * (columns.size() - 1);
  for (const auto w : widths) total += w;
  while (total > width) {
    auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= 12) break;
    --*widest;
    --total;
  }
  std::string out;
  const auto add_line = [&](auto&& cell_of) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string cell = cut_to(cell_of(i), widths[i]);
      out += cell;
      if (i + 1 < columns.size()) out.append(widths[i] - columns_of(cell) + 2, ' ');
    }
    out += '\n';
  };
  add_line([&](std::size_t i) { return columns[i].title; });
  for (const auto& line : cells) add_line([&](std::size_t i) { return line[i]; });
  return out;
}

std::string to_pretty(const json::value& value) { return Writer(true).text(value); }
std::string to_compact(const json::value& value) { return Writer(false).text(value); }

std::string plain(std::string_view text) {
  const std::string whole = mended_utf8(text);
  std::string out;
  for (std::string_view rest = whole; !rest.empty();) {
    const Mark mark = first_mark(rest);
    if (is_in(steering, mark.point))
      out += ' ';
    else
      out += rest.substr(0, mark.bytes);
    rest.remove_prefix(mark.bytes);
  }
  return out;
}

bool output_is_terminal() { return isatty(STDOUT_FILENO) == 1; }

bool errors_go_to_terminal() { return isatty(STDERR_FILENO) == 1; }

void notice(const std::string& message) {
  if (errors_go_to_terminal())
    std::cerr << "Note: " << plain(message) << '\n';
  else
    std::cerr << json::serialize(json::object{{"type", "notice"}, {"message", message}}) << '\n';
}

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 120;
}

}  // namespace fairlead::cli
