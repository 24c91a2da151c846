#include "connector/raw_json.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cctype>

namespace fairlead::connector {
namespace {

using Parser = simdjson::dom::parser;

/// Finds the structural characters, and whether the text is UTF-8 and each string is closed and
/// free of control characters. `text` has SIMDJSON_PADDING readable bytes behind it.
simdjson::error_code index(Parser& parser, std::string_view text) {
  if (parser.max_depth() != RawJson::max_depth || parser.capacity() < text.size()) {
    const auto wanted = std::max<std::size_t>(text.size(), 64u << 10);
    if (const auto error = parser.allocate(wanted, RawJson::max_depth)) return error;
  }
  return parser.implementation->stage1(reinterpret_cast<const std::uint8_t*>(text.data()),
                                       text.size(), simdjson::stage1_mode::regular);
}

std::string padded(std::string text) {
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  return text;
}

std::optional<unsigned> hex4(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  unsigned value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (std::isxdigit(c) == 0) return std::nullopt;
    const int digit = std::isdigit(c) != 0 ? c - '0' : std::tolower(c) - 'a' + 10;
    value = value << 4 | static_cast<unsigned>(digit);
  }
  return value;
}

bool is_high(unsigned unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(unsigned unit) { return unit >= 0xdc00 && unit < 0xe000; }

/// Steps over the inside of strings, calling `escape(position of the backslash)` for each escape,
/// and over the rest, calling `outside(position)`, which answers where to go on.
template <class Escape, class Outside>
void scan(const std::string& text, Escape escape, Outside outside) {
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      inside = !inside;
      ++at;
    } else if (!inside) {
      at = outside(at);
    } else if (text[at] == '\\') {
      at = escape(at);
    } else {
      ++at;
    }
  }
}

/// Halves of surrogate pairs, which the grammar allows and no text can hold, become U+FFFD. The
/// length stays.
void mend_surrogates(std::string& text) {
  scan(
      text,
      [&](std::size_t at) {
        const auto unit =
            at + 1 < text.size() && text[at + 1] == 'u' ? hex4(text, at + 2) : std::nullopt;
        if (!unit) return at + 2;
        if (is_high(*unit) && text.compare(at + 6, 2, "\\u") == 0) {
          const auto next = hex4(text, at + 8);
          if (next && is_low(*next)) return at + 12;
        }
        if (is_high(*unit) || is_low(*unit)) text.replace(at + 2, 4, "fffd");
        return at + 6;
      },
      [](std::size_t at) { return at + 1; });
}

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const auto from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - from;
  };
  const bool zero = at < text.size() && text[at] == '0';
  const auto whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

bool is_scalar(std::string_view text) {
  switch (text.front()) {
    case 'n':
      return text == "null";
    case 't':
      return text == "true";
    case 'f':
      return text == "false";
    default:
      return is_number(text);
  }
}

/// Whether every escape is one that JSON has, and surrogates stand in pairs.
bool escapes_are_valid(std::string_view text) {
  for (auto at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
    const char c = text[at + 1];
    at += 2;
    if (c != 'u') {
      if (std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) return false;
      continue;
    }
    const auto unit = hex4(text, at);
    at += 4;
    if (!unit || is_low(*unit)) return false;
    if (!is_high(*unit)) continue;
    const auto next = text.substr(at, 2) == "\\u" ? hex4(text, at + 2) : std::nullopt;
    if (!next || !is_low(*next)) return false;
    at += 6;
  }
  return true;
}

Error no_json(simdjson::error_code code) {
  switch (code) {
    case simdjson::DEPTH_ERROR:
      return invalid(fmt::format("nested more than {} levels deep", RawJson::max_depth));
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      return {ErrorKind::too_large, "too large to read"};
    default:
      return invalid(simdjson::error_message(code));
  }
}

}  // namespace

/// What reading one text needs; kept, so that the next answer allocates nothing.
struct RawJson::Buffers {
  Parser parser;
  std::vector<std::uint32_t> behind, open;
};

/// Buffers that are free on this thread.
class RawJson::Pool {
 public:
  static Pool& of_this_thread() {
    thread_local Pool pool;
    return pool;
  }
  std::unique_ptr<Buffers> take() {
    if (free_.empty()) return std::make_unique<Buffers>();
    auto buffers = std::move(free_.back());
    free_.pop_back();
    return buffers;
  }
  void give_back(std::unique_ptr<Buffers> buffers) {
    // One huge answer must not leave its buffers (about 15 times its size) behind.
    constexpr std::size_t most_kept = 4, most_bytes = 1u << 20;
    if (buffers && buffers->parser.capacity() <= most_bytes && free_.size() < most_kept)
      free_.push_back(std::move(buffers));
  }

 private:
  std::vector<std::unique_ptr<Buffers>> free_;
};

RawJson::RawJson() = default;

RawJson::RawJson(RawJson&& other) noexcept { *this = std::move(other); }

RawJson& RawJson::operator=(RawJson&& other) noexcept {
  const bool points_to_own = other.text_.data() == other.own_.data();
  text_ = other.text_;
  index_ = other.index_;
  behind_ = other.behind_;
  has_escaped_keys_ = other.has_escaped_keys_;
  std::swap(buffers_, other.buffers_);
  std::swap(own_, other.own_);
  if (points_to_own) text_ = std::string_view(own_.data(), text_.size());
  return *this;
}

RawJson::~RawJson() { Pool::of_this_thread().give_back(std::move(buffers_)); }

Result<RawJson> RawJson::parse(std::string_view text, std::size_t capacity) {
  RawJson json;
  json.buffers_ = Pool::of_this_thread().take();
  Parser& parser = json.buffers_->parser;
  if (capacity < text.size() + simdjson::SIMDJSON_PADDING) {
    json.own_ = padded(std::string(text));
    text = json.own_;
  }
  auto error = index(parser, text);
  if (error == simdjson::UTF8_ERROR) {
    json.own_ = padded(mended_utf8(text));
    text = json.own_;
    error = index(parser, text);
  }
  if (error) return no_json(error);
  json.text_ = text;
  json.index_ = parser.implementation->structural_indexes.get();
  const std::uint32_t count = parser.implementation->n_structural_indexes;
  if (const auto wrong = json.check_structure(count)) return no_json(simdjson::error_code(wrong));
  if (!escapes_are_valid(text)) {
    std::string mended(text);
    mend_surrogates(mended);  // everything stays where it is
    if (!escapes_are_valid(mended)) return no_json(simdjson::STRING_ERROR);
    json.own_ = padded(std::move(mended));
    json.text_ = json.own_;
  }
  json.has_escaped_keys_ = json.find_escaped_key(count);
  return json;
}

int RawJson::check_structure(std::uint32_t count) {
  auto& [parser, behind, open] = *buffers_;
  if (behind.size() < count) behind.resize(count);
  behind_ = behind.data();
  open.clear();
  const auto character_at = [&](std::uint32_t at) {
    return at < count ? text_.data()[index_[at]] : '\0';
  };
  bool in_object = false;
  for (std::uint32_t at = 0;;) {
    if (in_object) {
      if (character_at(at) != '"' || character_at(at + 1) != ':') return simdjson::TAPE_ERROR;
      at += 2;
    }
    const char first = character_at(at);
    if (first == '{' || first == '[') {
      const int closing = first + 2;
      if (character_at(at + 1) != closing) {
        open.push_back(at++);
        if (open.size() >= max_depth) return simdjson::DEPTH_ERROR;
        in_object = first == '{';
        continue;
      }
      behind[at] = at + 2;
      at += 2;
    } else if (first == '"' || (at < count && is_scalar(slice_until(Value{at}, at + 1)))) {
      ++at;
    } else {
      return simdjson::TAPE_ERROR;
    }
    // A value has ended, and with it perhaps some that it is the last part of.
    for (;;) {
      if (open.empty()) return at == count ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
      const char next = character_at(at++);
      if (next == ',') break;
      if (next != (in_object ? '}' : ']')) return simdjson::TAPE_ERROR;
      behind[open.back()] = at;
      open.pop_back();
      in_object = !open.empty() && character_at(open.back()) == '{';
    }
  }
}

std::string_view RawJson::slice_until(Value value, std::uint32_t end) const noexcept {
  const char* const begin = text_.data() + index_[value.at];
  const auto until = [begin](const char* stop) {
    return std::string_view(begin, static_cast<std::size_t>(stop - begin));
  };
  // A container ends at its bracket; a scalar somewhere before the next structural character.
  if (*begin == '{' || *begin == '[') return until(text_.data() + index_[end - 1] + 1);
  const char* stop = text_.data() + std::min<std::size_t>(index_[end], text_.size());
  while (stop > begin + 1 && is_space(stop[-1])) --stop;
  return until(stop);
}

std::string_view RawJson::slice(Value value) const noexcept {
  return slice_until(value, behind(value));
}

bool RawJson::find_escaped_key(std::uint32_t count) const noexcept {
  const std::uint32_t* at = index_;
  const std::uint32_t* const end = index_ + count;
  // A backslash stands in a string; the next structural character tells whether that is a key.
  for (std::size_t found = text_.find('\\'); found != std::string_view::npos;
       found = text_.find('\\', *at)) {
    at = std::upper_bound(at, end, static_cast<std::uint32_t>(found));
    if (at == end) return false;
    if (text_[*at] == ':') return true;
  }
  return false;
}

bool RawJson::Member::unescapes_to(std::string_view name) const {
  return raw_key.find('\\') == std::string_view::npos ? raw_key == name
                                                      : unescaped(raw_key) == name;
}

std::string RawJson::string(Value value) const {
  const auto whole = slice(value);
  return unescaped(whole.substr(1, whole.size() - 2));
}

std::optional<RawJson::Value> RawJson::find(Value object, std::string_view name) const {
  std::optional<Value> found;
  if (!is_object(object)) return found;
  each_member(object, [&](const Member& member, std::uint32_t) {
    if (member.means(name)) found = member.value;
  });
  return found;
}

std::string unescaped(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  const auto append_point = [&](unsigned point) {
    if (point < 0x80) {
      out += static_cast<char>(point);
    } else if (point < 0x800) {
      out += static_cast<char>(0xc0 | point >> 6);
      out += static_cast<char>(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
      out += static_cast<char>(0xe0 | point >> 12);
      out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (point & 0x3f));
    } else {
      out += static_cast<char>(0xf0 | point >> 18);
      out += static_cast<char>(0x80 | (point >> 12 & 0x3f));
      out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (point & 0x3f));
    }
  };
  for (std::size_t at = 0; at < raw.size();) {
    const auto stop = std::min(raw.find('\\', at), raw.size());
    out += raw.substr(at, stop - at);
    if (stop + 1 >= raw.size()) break;
    const char c = raw[stop + 1];
    at = stop + 2;
    switch (c) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'u': {
        unsigned point = hex4(raw, at).value_or(0xfffd);
        at += 4;
        if (is_high(point) && raw.substr(at, 2) == "\\u") {
          const unsigned low = hex4(raw, at + 2).value_or(0xfffd);
          point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
          at += 6;
        }
        append_point(point);
        break;
      }
      default:
        out += c;  // " \ /
    }
  }
  return out;
}

}  // namespace fairlead::connector
