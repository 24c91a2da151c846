#include "connector/path.hpp"

#include <charconv>

namespace fairlead::connector {
namespace {

constexpr std::size_t most_characters = 1024;
constexpr std::size_t most_steps = 64;

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@';
}
bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9') || c == '-'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Path::Step>> parse() {
    if (text_.size() > most_characters) return refuse("longer than 1024 characters", 0);
    if (!take('$')) {
      if (at_end() || !starts_name(text_[at_])) return refuse("it must begin with $", at_);
      name();
    }
    while (!at_end()) {
      const std::size_t start = at_;
      if (take('.')) {
        if (at_end() || !starts_name(text_[at_]))
          return refuse("a name is expected after the dot", at_);
        name();
      } else if (take('[')) {
        if (const char* problem = bracket()) return refuse(problem, start);
      } else {
        return refuse("only .name, ['name'], [0], [-1] and [*] may follow", at_);
      }
      if (steps_.size() > most_steps) return refuse("more than 64 steps", start);
    }
    return std::move(steps_);
  }

 private:
  bool at_end() const { return at_ == text_.size(); }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Error refuse(std::string_view problem, std::size_t where) const {
    return invalid("the path \"" + std::string(text_.substr(0, 120)) +
                   "\" cannot be read at column " + std::to_string(where + 1) + ": " +
                   std::string(problem));
  }

  void name() {
    const std::size_t start = at_;
    while (!at_end() && continues_name(text_[at_])) ++at_;
    steps_.emplace_back(Path::Child{std::string(text_.substr(start, at_ - start))});
  }

  /// What stands after `[`; nullptr when it is understood.
  const char* bracket() {
    if (take('*')) {
      steps_.emplace_back(Path::All{});
    } else if (take('\'') || take('"')) {
      if (!quoted(text_[at_ - 1])) return "the quoted name has no end";
    } else {
      std::int64_t position = 0;
      const char* first = text_.data() + at_;
      const auto [end, code] = std::from_chars(first, text_.data() + text_.size(), position);
      if (code != std::errc()) return "a number, * or a quoted name is expected in [ ]";
      at_ += static_cast<std::size_t>(end - first);
      steps_.emplace_back(Path::Index{position});
    }
    return take(']') ? nullptr : "the closing ] is missing";
  }

  bool quoted(char quote) {
    std::string name;
    while (!at_end()) {
      const char c = text_[at_++];
      if (c == quote) {
        steps_.emplace_back(Path::Child{std::move(name)});
        return true;
      }
      if (c == '\\' && !at_end())
        name += text_[at_++];
      else
        name += c;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Path::Step> steps_;
};

void follow(const Path::Step& step, const json::value& value,
            std::vector<const json::value*>& matches) {
  if (const auto* child = std::get_if<Path::Child>(&step)) {
    if (const auto* object = value.if_object())
      if (const auto* member = object->if_contains(child->name)) matches.push_back(member);
  } else if (const auto* index = std::get_if<Path::Index>(&step)) {
    if (const auto* array = value.if_array()) {
      const auto size = static_cast<std::int64_t>(array->size());
      const std::int64_t position = index->position < 0 ? index->position + size : index->position;
      if (position >= 0 && position < size)
        matches.push_back(&(*array)[static_cast<std::size_t>(position)]);
    }
  } else if (const auto* list = value.if_array()) {
    for (const auto& element : *list) matches.push_back(&element);
  } else if (const auto* members = value.if_object()) {
    for (const auto& member : *members) matches.push_back(&member.value());
  }
}

}  // namespace

Result<Path> Path::parse(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  auto steps = Parser(text).parse();
  if (!steps) return std::move(steps).error();
  Path path;
  path.source_ = text;
  path.steps_ = std::move(*steps);
  return path;
}

bool Path::spreads() const noexcept {
  for (const Step& step : steps_)
    if (std::holds_alternative<All>(step)) return true;
  return false;
}

std::vector<const json::value*> Path::find(const json::value& root) const {
  std::vector<const json::value*> matches = {&root};
  std::vector<const json::value*> next;
  for (const Step& step : steps_) {
    next.clear();
    for (const json::value* match : matches) follow(step, *match, next);
    matches.swap(next);
  }
  return matches;
}

}  // namespace fairlead::connector
