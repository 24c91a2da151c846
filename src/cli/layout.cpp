#include "cli/layout.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <array>

namespace fairlead::cli {
namespace {

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

std::size_t columns_of_point(char32_t point) {
  if (point < 0x300) return 1;
  return is_in(joined, point) ? 0 : is_in(wide, point) ? 2 : 1;
}

/// The bytes of the longest beginning that takes at most `width` columns, but one character at
/// least.
std::size_t bytes_within(std::string_view text, std::size_t width) {
  std::size_t columns = 0, bytes = 0;
  while (bytes < text.size()) {
    const Mark mark = first_mark(text.substr(bytes));
    columns += columns_of_point(mark.point);
    if (columns > width && bytes > 0) break;
    bytes += mark.bytes;
  }
  return bytes;
}

constexpr std::size_t gap = 2;

/// What each column of a table may take, the last one what is left of `width`.
std::vector<std::size_t> widths_of(const std::vector<std::vector<std::string>>& rows,
                                   std::size_t indentation, std::size_t width) {
  constexpr std::size_t widest_cell = 30, narrowest_cell = 8, narrowest_last = 24;
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows)
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      widths[i] = std::max(widths[i], std::min(columns_of(row[i]), widest_cell));
  std::size_t used = indentation;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) used += widths[i] + gap;
  while (used + narrowest_last > width) {  // the widest column gives way
    auto widest_column = std::max_element(widths.begin(), widths.end() - 1);
    if (*widest_column <= narrowest_cell) break;
    --*widest_column;
    --used;
  }
  widths.back() = std::max(width > used ? width - used : 0, narrowest_last);
  return widths;
}

}  // namespace

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

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Mark mark = first_mark(text);
    columns += columns_of_point(mark.point);
    text.remove_prefix(mark.bytes);
  }
  return columns;
}

std::string cut_to(std::string text, std::size_t width) {
  if (columns_of(text) <= width) return text;
  text.resize(width > 1 ? bytes_within(text, width - 1) : 0);
  return text + "…";
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::string rest = plain(text);
  std::vector<std::string> lines;
  while (columns_of(rest) > width) {
    const std::size_t most = bytes_within(rest, width);
    std::size_t end = rest.rfind(' ', most);
    if (end == std::string::npos || end == 0) end = most;
    lines.push_back(rest.substr(0, end));
    rest = rest.substr(end);
    rest.erase(0, std::min(rest.find_first_not_of(' '), rest.size()));
  }
  if (!rest.empty() || lines.empty()) lines.push_back(rest);
  return lines;
}

std::string to_paragraph(std::string_view text, std::size_t indentation, std::size_t width) {
  std::string out;
  for (const std::string& line : wrapped(text, width - indentation))
    out += std::string(indentation, ' ') + line + '\n';
  return out;
}

std::string to_wrapped_table(const std::vector<std::vector<std::string>>& rows,
                             std::size_t indentation, std::size_t width) {
  const auto widths = widths_of(rows, indentation, width);
  std::string out;
  for (const auto& row : rows) {
    std::vector<std::vector<std::string>> cells;
    std::size_t height = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells.push_back(wrapped(row[i], std::max<std::size_t>(widths[i], 1)));
      height = std::max(height, cells.back().size());
    }
    for (std::size_t line = 0; line < height; ++line) {
      std::string shown(indentation, ' ');
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string& cell = line < cells[i].size() ? cells[i][line] : std::string();
        shown += cell;
        if (i + 1 < cells.size()) shown.append(widths[i] - columns_of(cell) + gap, ' ');
      }
      shown.erase(shown.find_last_not_of(' ') + 1);
      out += shown + '\n';
    }
  }
  return out;
}

}  // namespace fairlead::cli
