#include "cli/output.hpp"

#include "cli/answer.hpp"
#include "cli/layout.hpp"
#include "cli/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
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
    bool found = list->empty();
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

/// "2026-11-23 02:08" of 2026-11-23T02:08:46.381965Z; another text as it is.
std::string to_time(std::string text, Cell cell) {
  const bool is_time = text.size() >= 20 && text[4] == '-' && text[10] == 'T' && text[16] == ':' &&
                       text.back() == 'Z';
  if (!is_time || cell == Cell::text) return text;
  text[10] = ' ';
  return text.substr(0, cell == Cell::minute ? 16 : 19);
}

std::string to_cell(const json::value* value, Cell cell = Cell::text) {
  if (value == nullptr || value->is_null()) return "-";
  const auto* text = value->if_string();
  return text != nullptr ? to_time(plain(view(*text)), cell) : plain(to_compact(*value));
}

/// Whether it ends in a UUID: half of one is of no use.
bool is_id(std::string_view cell) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (cell.size() < form.size()) return false;
  cell.remove_prefix(cell.size() - form.size());
  for (std::size_t i = 0; i < form.size(); ++i)
    if ((form[i] == '-') != (cell[i] == '-')) return false;
  return true;
}

/// The records of an answer.
json::array rows_of(const json::value& value) {
  if (const auto* array = value.if_array()) return *array;
  for (const char* name : {"data", "result"})
    if (const auto* inner = find_path(value, name)) {
      if (const auto* array = inner->if_array()) return *array;
      if (inner->is_object()) return {*inner};
    }
  return {value};
}

std::vector<Column> columns_of_fields(const std::vector<std::string>& fields) {
  std::vector<Column> columns;
  for (std::string_view field : fields) {
    for (const std::string_view records : {"data.", "result."})
      if (field.starts_with(records)) field.remove_prefix(records.size());
    std::string title(field);
    for (char& c : title)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    columns.push_back({std::move(title), std::string(field)});
  }
  return columns;
}

/// Gives the cells `width` together: the widest give way first, ids never.
void fit(std::vector<std::size_t>& widths, const std::vector<bool>& is_fixed, std::size_t width) {
  constexpr std::size_t narrowest = 8;
  std::size_t total = 2 * (widths.size() - 1);
  for (const auto w : widths) total += w;
  for (; total > width; --total) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (!is_fixed[i] && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    if (widest == nullptr || *widest <= narrowest) return;
    --*widest;
  }
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

/// "data (id, name), next": what could have been asked for.
std::string names_in(const json::value& value) {
  const auto list = [](const json::object& object) {
    std::string out;
    for (const auto& member : object) out += (out.empty() ? "" : ", ") + std::string(member.key());
    return out;
  };
  const json::value* at = &value;
  std::string out;
  if (const auto* object = value.if_object()) {
    out = list(*object);
    for (const auto& member : *object)
      if (member.value().is_array()) at = &member.value();
  }
  const auto* rows = at->if_array();
  const auto* first = rows != nullptr && !rows->empty() ? rows->front().if_object() : nullptr;
  if (first != nullptr) out += (out.empty() ? "" : "; in its records ") + list(*first);
  return out.empty() ? "none" : out;
}

}  // namespace

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
  Problem problem("validation_error",
                  "none of the fields of --fields is in the answer, which has " + names_in(value));
  problem.detail = json::object{{"response", value}};
  throw problem;
}

std::string to_table(const json::value& value, const std::vector<Column>& columns,
                     std::size_t width) {
  const json::array rows = rows_of(value);
  if (rows.empty()) return "(none)\n";

  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths;
  std::vector<bool> is_fixed(columns.size(), false);
  for (const auto& column : columns) widths.push_back(columns_of(column.title));
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      line.push_back(to_cell(find_path(row, columns[i].path), columns[i].cell));
      widths[i] = std::max(widths[i], columns_of(line.back()));
      if (is_id(line.back())) is_fixed[i] = true;
    }
  }
  fit(widths, is_fixed, width);
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

std::string to_table_of_fields(const json::value& value, const std::vector<std::string>& fields,
                               std::size_t width) {
  const auto columns = columns_of_fields(fields);
  const json::array rows = rows_of(value);
  const bool is_in_records =
      rows.empty() || std::any_of(columns.begin(), columns.end(), [&](const Column& column) {
        return std::any_of(rows.begin(), rows.end(), [&](const json::value& row) {
          return find_path(row, column.path) != nullptr;
        });
      });
  if (is_in_records) return to_table(rows, columns, width);
  return to_table(json::array{select_fields(value, fields)}, columns, width);
}

std::vector<Column> columns_of_records(const json::value& value, std::size_t width) {
  constexpr std::size_t usual = 24;  // what a column of text may take before others are left out
  const json::array rows = rows_of(value);
  std::vector<std::string> names;
  std::size_t used = 0;
  const auto add = [&](bool scalars) {
    for (const auto& row : rows)
      if (const auto* object = row.if_object())
        for (const auto& [key, member] : *object) {
          const std::string name(key.data(), key.size());
          const bool is_scalar = !member.is_object() && !member.is_array();
          if (member.is_null() || is_scalar != scalars ||
              std::find(names.begin(), names.end(), name) != names.end())
            continue;
          const std::string cell = to_cell(&member);
          const auto wanted = std::max(
              columns_of(name), is_id(cell) ? cell.size() : std::min(columns_of(cell), usual));
          if (!names.empty() && used + 2 + wanted > width) continue;
          used += wanted + (names.empty() ? 0 : 2);
          names.push_back(name);
        }
  };
  add(true);
  add(false);
  return columns_of_fields(names);
}

std::string to_list(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return to_pretty(value) + '\n';
  std::size_t widest = 0;
  for (const auto& member : *object) widest = std::max(widest, columns_of(member.key()));
  std::string out;
  for (const auto& [key, member] : *object) {
    out += std::string(key) + std::string(widest - columns_of(key) + 2, ' ');
    out += to_cell(&member) + '\n';
  }
  return out;
}

std::string to_pretty(const json::value& value) { return Writer(true).text(value); }
std::string to_compact(const json::value& value) { return Writer(false).text(value); }

void show(const json::value& value) {
  std::cout << (output_is_terminal() ? to_pretty(value) : to_compact(value)) << '\n';
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
