#include "connector/yaml_reader.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

namespace fairlead::connector {
namespace {

constexpr std::size_t most_problems = 100;

struct Refused {};  // thrown when reading cannot go on; the problem has been noted

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// [-+]? ( .5 | 5 | 5. | 5.5 ) ( e [-+]? 5 )?
bool looks_like_real(std::string_view text) {
  const auto digits = [&] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::size_t mantissa = digits();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    mantissa += digits();
  }
  if (mantissa == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

template <class T>
bool read_whole(std::string_view text, int base, T& out) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return code == std::errc() && end == text.data() + text.size();
}

using Scalar = decltype(YamlNode::value);

/// What a plain scalar means.
Scalar resolve(std::string_view text) {
  if (text.empty() || is_one_of(text, {"~", "null", "Null", "NULL"})) return nullptr;
  if (is_one_of(text, {"true", "True", "TRUE"})) return true;
  if (is_one_of(text, {"false", "False", "FALSE"})) return false;
  const char first = text.front();
  if ((first < '0' || first > '9') && first != '-' && first != '+' && first != '.')
    return std::string(text);
  if (is_one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return HUGE_VAL;
  if (is_one_of(text, {"-.inf", "-.Inf", "-.INF"})) return -HUGE_VAL;
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return std::nan("");

  const bool is_hex = text.starts_with("0x"), is_octal = text.starts_with("0o");
  if (is_hex || is_octal) {
    std::uint64_t number = 0;
    if (!read_whole(text.substr(2), is_hex ? 16 : 8, number)) return std::string(text);
    if (number <= INT64_MAX) return static_cast<std::int64_t>(number);
    return number;
  }
  const std::string_view unsigned_text = text.substr(first == '-' || first == '+' ? 1 : 0);
  if (all_digits(unsigned_text)) {
    std::int64_t number = 0;
    if (read_whole(first == '+' ? unsigned_text : text, 10, number)) return number;
    std::uint64_t natural = 0;
    if (first != '-' && read_whole(unsigned_text, 10, natural)) return natural;
  } else if (!looks_like_real(text)) {
    return std::string(text);
  }
  return std::strtod(std::string(text).c_str(), nullptr);
}

std::string shown(std::string_view text) {
  std::string out(text.substr(0, 60));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return out;
}

/// The number that four hexadecimal digits write; nullopt when they are something else.
std::optional<std::uint32_t> code_unit(std::string_view text, std::size_t at) {
  std::uint32_t unit = 0;
  if (text.substr(at, 2) != "\\u" || !read_whole(text.substr(at + 2, 4), 16, unit))
    return std::nullopt;
  return unit;
}

/// JSON writes a character beyond 16 bits as two escapes, \ud83d\ude00; YAML knows only
/// \U0001f600.
std::string without_surrogates(std::string_view text) {
  std::string out;
  std::size_t at = 0, kept = 0;
  while ((at = text.find('\\', at)) != std::string_view::npos) {
    const auto high = code_unit(text, at);
    if (!high || *high < 0xD800 || *high > 0xDBFF) {
      at += 2;  // also over an escaped backslash
      continue;
    }
    const auto low = code_unit(text, at + 6 <= text.size() ? at + 6 : at);
    if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
      const std::uint32_t character = 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
      out.append(text.substr(kept, at - kept)).append(fmt::format("\\U{:08x}", character));
      kept = at + 12;
    }
    at += 6;
  }
  return out.append(text.substr(kept));
}

bool is_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

class Reader {
 public:
  Reader(std::string_view text, const YamlLimits& limits) : text_(text), limits_(limits) {
    if (!yaml_parser_initialize(&parser_)) throw std::bad_alloc();
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  }
  ~Reader() { yaml_parser_delete(&parser_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<YamlTree, std::vector<DefinitionProblem>> read() {
    try {
      refuse_directives();
      while (next()) {
      }
      if (!tree_.root && problems_.empty()) note(1, "the text is empty");
    } catch (const Refused&) {
    }
    if (!problems_.empty()) return std::move(problems_);
    return std::move(tree_);
  }

 private:
  struct Event {
    yaml_event_t raw;
    Event() : raw() {}
    ~Event() { yaml_event_delete(&raw); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
  };
  struct Frame {
    YamlNode* node;
    std::string key;  ///< of the member whose value comes next
    int key_line = 0, key_column = 0;
    bool has_key = false;
    std::string anchor;
  };

  void note(int line, std::string message) { note(line, line == line_ ? column_ : 0, message); }
  void note(int line, int column, std::string message) {
    if (problems_.size() < most_problems)
      problems_.push_back({line, path(), std::move(message), column});
  }
  [[noreturn]] void refuse(int line, std::string message) {
    note(line, std::move(message));
    throw Refused{};
  }
  std::string path() const {
    std::string out;
    for (const Frame& frame : stack_) {
      if (const auto* list = frame.node->if_list()) {
        out += '[' + std::to_string(list->size()) + ']';
      } else if (frame.has_key) {
        out += (out.empty() ? "" : ".") + shown(frame.key);
      }
    }
    return out;
  }

  /// They come before the document. Nothing here uses tags, and libyaml compares each directive
  /// with all before it.
  void refuse_directives() {
    std::string_view rest = text_;
    for (int line = 1; !rest.empty() && (rest[0] == '%' || rest[0] == '#' || rest[0] == '\n');
         ++line) {
      if (rest.starts_with("%TAG")) refuse(line, "a %TAG directive is not part of the format");
      rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
    }
  }

  bool next() {
    Event event;
    if (!yaml_parser_parse(&parser_, &event.raw)) syntax_problem();
    const int line = static_cast<int>(event.raw.start_mark.line) + 1;
    line_ = line;
    column_ = static_cast<int>(event.raw.start_mark.column) + 1;
    switch (event.raw.type) {
      case YAML_STREAM_END_EVENT:
        return false;
      case YAML_DOCUMENT_START_EVENT:
        if (tree_.root) refuse(line, "a definition is one document; a second one begins here");
        break;
      case YAML_ALIAS_EVENT:
        alias(line, as_view(event.raw.data.alias.anchor));
        break;
      case YAML_SCALAR_EVENT:
        scalar(line, event.raw.data.scalar);
        break;
      case YAML_SEQUENCE_START_EVENT:
        open(line, event.raw.data.sequence_start.anchor, event.raw.data.sequence_start.tag,
             YamlList());
        break;
      case YAML_MAPPING_START_EVENT:
        open(line, event.raw.data.mapping_start.anchor, event.raw.data.mapping_start.tag,
             YamlMap());
        break;
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        close();
        break;
      default:
        break;
    }
    return true;
  }

  static std::string_view as_view(const yaml_char_t* text) {
    return text ? reinterpret_cast<const char*>(text) : "";
  }

  [[noreturn]] void syntax_problem() {
    if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    std::string message = parser_.problem ? parser_.problem : "cannot be read";
    if (parser_.error == YAML_READER_ERROR) {  // no mark, only an offset: not UTF-8, or a control
      const auto end = text_.begin() +
                       static_cast<std::ptrdiff_t>(std::min(parser_.problem_offset, text_.size()));
      refuse(static_cast<int>(std::count(text_.begin(), end, '\n')) + 1,
             "not readable text: " + message);
    }
    const std::size_t line = parser_.problem_mark.line;
    if (parser_.context) message = std::string(parser_.context) + ", " + message;
    if (line_of(line).find('\t') != std::string_view::npos)
      message += " (the line holds a tab; indent with blanks)";
    line_ = static_cast<int>(line) + 1;
    column_ = static_cast<int>(parser_.problem_mark.column) + 1;
    refuse(line_, "not valid YAML at column " + std::to_string(parser_.problem_mark.column + 1) +
                      ": " + message);
  }
  std::string_view line_of(std::size_t line) const {
    std::size_t at = 0;
    for (; line > 0; --line) {
      at = text_.find('\n', at);
      if (at++ == std::string_view::npos) return {};
    }
    return text_.substr(at, text_.find('\n', at) - at);
  }

  // Events.

  bool expects_key() const {
    return !stack_.empty() && stack_.back().node->if_map() && !stack_.back().has_key;
  }
  void check_tag(int line, const yaml_char_t* tag) {
    if (tag)
      note(line, "tags such as " + shown(as_view(tag)) + " are not part of the definition format");
  }
  YamlNode& create(int line) {
    count(line, 1);
    YamlNode& node = tree_.nodes.emplace_back();
    node.line = line;
    node.column = column_;
    return node;
  }
  void count_text(int line, std::uint64_t bytes) {
    text_bytes_ += bytes;
    if (text_bytes_ > limits_.text)
      refuse(line, "more than " + std::to_string(limits_.text) +
                       " bytes of text, aliases counted as what they stand for");
  }
  void count(int line, std::uint32_t nodes) {
    count_ += nodes;
    if (count_ > limits_.nodes)
      refuse(line, "more than " + std::to_string(limits_.nodes) +
                       " values, aliases counted as what they stand for");
  }
  void check_depth(int line, std::uint32_t height) {
    if (stack_.size() + height > limits_.depth)
      refuse(line, "nested deeper than " + std::to_string(limits_.depth));
  }

  void scalar(int line, const decltype(yaml_event_t{}.data.scalar)& raw) {
    const std::string_view text(reinterpret_cast<const char*>(raw.value), raw.length);
    const bool is_plain = raw.style == YAML_PLAIN_SCALAR_STYLE;
    check_tag(line, raw.tag);
    if (expects_key()) {
      if (raw.anchor) note(line, "a key cannot carry an anchor");
      return key(line, text, is_plain);
    }
    YamlNode& node = create(line);
    node.bytes = text.size();
    count_text(line, node.bytes);
    if (is_plain)
      node.value = resolve(text);
    else
      node.value.emplace<std::string>(text);
    if (const double* number = std::get_if<double>(&node.value); number && !std::isfinite(*number))
      note(line, "a finite number is expected, not " + shown(text));
    if (raw.anchor) anchors_[std::string(as_view(raw.anchor))] = &node;
    add(&node);
  }
  void key(int line, std::string_view text, bool is_plain) {
    Frame& frame = stack_.back();
    if (is_plain && text == "<<")
      note(line, "merge keys (<<) are not part of the definition format");
    else if (is_plain && !std::holds_alternative<std::string>(resolve(text)))
      note(line, "the key " + (text.empty() ? "(empty)" : shown(text)) +
                     " must be text; write it in quotes: \"" + shown(text) + '"');
    count_text(line, text.size());
    frame.node->bytes += text.size();
    frame.key = text;
    frame.key_line = line;
    frame.key_column = column_;
    frame.has_key = true;
  }
  void alias(int line, std::string_view name) {
    if (expects_key()) refuse(line, "a key must be text, not an alias");
    const auto found = anchors_.find(std::string(name));
    if (found == anchors_.end())
      refuse(line, "the alias *" + shown(name) + " has no anchor before it");
    const YamlNode* node = found->second;
    if (!node) refuse(line, "the alias *" + shown(name) + " stands inside its own anchor");
    count(line, node->size);
    count_text(line, node->bytes);
    check_depth(line, node->height);
    add(node);
  }
  void open(int line, const yaml_char_t* anchor, const yaml_char_t* tag, Scalar empty) {
    check_tag(line, tag);
    if (expects_key()) refuse(line, "a key must be text, not a list or mapping");
    check_depth(line, 1);
    YamlNode& node = create(line);
    node.value = std::move(empty);
    Frame frame{.node = &node, .key = {}, .anchor = std::string(as_view(anchor))};
    if (anchor) anchors_[frame.anchor] = nullptr;  // not usable inside itself
    stack_.push_back(std::move(frame));
  }
  void close() {
    Frame frame = std::move(stack_.back());
    if (const auto* map = frame.node->if_map()) check_unique(*map);
    stack_.pop_back();
    if (!frame.anchor.empty()) anchors_[frame.anchor] = frame.node;
    add(frame.node);
  }
  void add(const YamlNode* node) {
    if (stack_.empty()) {
      tree_.root = node;
      return;
    }
    Frame& frame = stack_.back();
    YamlNode& owner = *frame.node;
    owner.size += node->size;
    owner.bytes += node->bytes;
    owner.height = std::max(owner.height, node->height + 1);
    if (auto* list = std::get_if<YamlList>(&owner.value)) {
      list->push_back(node);
    } else {
      std::get<YamlMap>(owner.value)
          .push_back({std::move(frame.key), frame.key_line, frame.key_column, node});
      frame.key.clear();
      frame.has_key = false;
    }
  }
  void check_unique(const YamlMap& map) {
    std::vector<const YamlMember*> members;
    members.reserve(map.size());
    for (const YamlMember& member : map) members.push_back(&member);
    std::stable_sort(members.begin(), members.end(),
                     [](const auto* a, const auto* b) { return a->key < b->key; });
    for (std::size_t i = 1; i < members.size(); ++i)
      if (members[i]->key == members[i - 1]->key)
        note(members[i]->line, members[i]->column,
             "the key \"" + shown(members[i]->key) + "\" stands twice; first in line " +
                 std::to_string(members[i - 1]->line));
  }

  std::string_view text_;
  const YamlLimits limits_;
  yaml_parser_t parser_{};
  YamlTree tree_;
  std::vector<Frame> stack_;
  std::unordered_map<std::string, const YamlNode*> anchors_;
  std::uint32_t count_ = 0;
  int line_ = 0, column_ = 0;  ///< where the event being read begins
  std::uint64_t text_bytes_ = 0;
  std::vector<DefinitionProblem> problems_;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  if (const auto* map = if_map())
    for (const YamlMember& member : *map)
      if (member.key == key) return member.value;
  return nullptr;
}

std::string_view YamlNode::kind_name() const {
  switch (value.index()) {
    case 0:
      return "nothing";
    case 1:
      return "true or false";
    case 2:
    case 3:
      return "a whole number";
    case 4:
      return "a number";
    case 5:
      return "text";
    case 6:
      return "a list";
    default:
      return "a mapping";
  }
}

Result<YamlTree, std::vector<DefinitionProblem>> read_yaml(std::string_view text,
                                                           const YamlLimits& limits) {
  if (text.size() > limits.bytes)
    return std::vector<DefinitionProblem>{{0, "",
                                           "the text has " + std::to_string(text.size()) +
                                               " bytes; at most " + std::to_string(limits.bytes) +
                                               " are read"}};
  if (is_json(text) && text.find("\\u") != std::string_view::npos)
    return Reader(without_surrogates(text), limits).read();
  return Reader(text, limits).read();
}

json::value to_json(const YamlNode& node) {
  if (const auto* list = node.if_list()) {
    json::array out;
    out.reserve(list->size());
    for (const YamlNode* element : *list) out.push_back(to_json(*element));
    return out;
  }
  if (const auto* map = node.if_map()) {
    json::object out;
    out.reserve(map->size());
    for (const YamlMember& member : *map) out.emplace(member.key, to_json(*member.value));
    return out;
  }
  return std::visit(
      [](const auto& scalar) -> json::value {
        using T = std::decay_t<decltype(scalar)>;
        if constexpr (std::is_same_v<T, std::string>)
          return json::string(scalar);
        else if constexpr (std::is_same_v<T, YamlList> || std::is_same_v<T, YamlMap>)
          return nullptr;
        else
          return scalar;
      },
      node.value);
}

}  // namespace fairlead::connector
