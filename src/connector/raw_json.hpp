// A JSON text from a service whose every byte has been checked, and its values as slices of it.
//
// simdjson's first stage checks the bytes (UTF-8, closed strings, no control characters) and finds
// the structural characters. One walk over these checks the grammar; they are then enough to walk
// to any value and to cut it out as it stands. Nothing is copied or converted, so numbers keep all
// their digits.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector {

class RawJson {
 public:
  static constexpr std::size_t max_depth = 256;

  /// A value: the number of the structural character at which it begins.
  struct Value {
    std::uint32_t at = 0;
  };
  struct Member {
    std::string_view raw_key;  ///< between the quotes, escapes as they stand
    bool may_have_escapes;     ///< some key of the text has one
    Value value;
    bool means(std::string_view name) const {
      return may_have_escapes ? unescapes_to(name) : raw_key == name;
    }

   private:
    bool unescapes_to(std::string_view name) const;
  };

  /// Reads `text`, which stays in place for as long as this object is used. `capacity` counts the
  /// bytes that may be read from its beginning; where it leaves less than simdjson's padding, the
  /// text is copied. Bytes that are no UTF-8 and halves of surrogate pairs are read as U+FFFD,
  /// integers may have any length. The error says what is wrong, without the text.
  static Result<RawJson> parse(std::string_view text, std::size_t capacity);

  RawJson(RawJson&&) noexcept;
  RawJson& operator=(RawJson&&) noexcept;
  ~RawJson();

  Value root() const noexcept { return {0}; }
  /// The first character: one of { [ " t f n - 0..9
  char kind(Value value) const noexcept { return text_.data()[index_[value.at]]; }
  bool is_object(Value value) const noexcept { return kind(value) == '{'; }
  bool is_array(Value value) const noexcept { return kind(value) == '['; }
  bool is_string(Value value) const noexcept { return kind(value) == '"'; }
  bool is_null(Value value) const noexcept { return kind(value) == 'n'; }

  /// The value's own text, without blanks around it.
  std::string_view slice(Value value) const noexcept;
  /// The text from the value's beginning up to `end`, blanks at the end removed.
  std::string_view slice_until(Value value, std::uint32_t end) const noexcept;
  /// The number of the structural character behind the value.
  std::uint32_t behind(Value value) const noexcept {
    const char first = text_.data()[index_[value.at]];
    return first == '{' || first == '[' ? behind_[value.at] : value.at + 1;
  }
  /// Decoded; the value is a string.
  std::string string(Value value) const;

  /// Calls `visit(Member, behind)` for each member of an object; `behind` is that of its value.
  template <class Visit>
  void each_member(Value object, Visit visit) const {
    std::uint32_t at = object.at + 1;
    while (kind(Value{at}) == '"') {
      const Value value{at + 2};
      const std::uint32_t end = behind(value);
      visit(Member{key(at), has_escaped_keys_, value}, end);
      at = kind(Value{end}) == ',' ? end + 1 : end;
    }
  }
  /// Calls `visit(Value, behind)` for each element of an array.
  template <class Visit>
  void each_element(Value array, Visit visit) const {
    std::uint32_t at = array.at + 1;
    while (kind(Value{at}) != ']') {
      const std::uint32_t end = behind(Value{at});
      visit(Value{at}, end);
      at = kind(Value{end}) == ',' ? end + 1 : end;
    }
  }
  /// The member of that name, the last one where it stands several times; nullopt too when the
  /// value is no object.
  std::optional<Value> find(Value object, std::string_view name) const;

  /// The position in the text of a structural character, and what it is; '\0' behind the last one.
  std::size_t position(std::uint32_t at) const noexcept { return index_[at]; }
  char character(std::uint32_t at) const noexcept {
    return index_[at] < text_.size() ? text_[index_[at]] : '\0';
  }
  std::string_view text() const noexcept { return text_; }

 private:
  struct Buffers;
  class Pool;

  RawJson();
  /// The inside of the key that begins there.
  std::string_view key(std::uint32_t at) const noexcept {
    const char* const begin = text_.data() + index_[at] + 1;
    const char* end = text_.data() + index_[at + 1] - 1;  // before the colon
    while (*end != '"') --end;
    return {begin, static_cast<std::size_t>(end - begin)};
  }
  bool find_escaped_key(std::uint32_t count) const noexcept;
  /// Checks the grammar and finds where each bracket is closed. A simdjson::error_code.
  int check_structure(std::uint32_t count);

  std::string_view text_;
  const std::uint32_t* index_ = nullptr;   // where each structural character stands in the text
  const std::uint32_t* behind_ = nullptr;  // of an opening bracket: behind its closing one
  bool has_escaped_keys_ = false;
  std::unique_ptr<Buffers> buffers_;
  std::string own_;  // a repaired or padded copy that text_ points to
};

/// The text that the inside of a JSON string stands for. `raw` is valid.
std::string unescaped(std::string_view raw);

}  // namespace fairlead::connector
