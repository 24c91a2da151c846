#include "base/suggestion.hpp"
#include "connector/expression_tree.hpp"

#include <array>
#include <charconv>
#include <span>

namespace fairlead::connector {
namespace {

using Kind = Expression::Kind;
using Node = std::unique_ptr<Expression>;

constexpr std::size_t most_characters = 16 << 10;
constexpr int most_depth = 64;
constexpr int most_nodes = 512;

/// A filter, method or function: its name and how many arguments it takes.
struct Callable {
  std::string_view name;
  std::size_t least, most;
};
constexpr std::size_t any_number = 64;
constexpr std::array filters = {Callable{"replace", 2, 2}, Callable{"upper", 0, 0},
                                Callable{"lower", 0, 0},   Callable{"default", 0, 2},
                                Callable{"trim", 0, 1},    Callable{"join", 0, 1},
                                Callable{"first", 0, 0},   Callable{"length", 0, 0}};
constexpr std::array methods = {Callable{"split", 0, 1},      Callable{"lower", 0, 0},
                                Callable{"upper", 0, 0},      Callable{"strip", 0, 1},
                                Callable{"startswith", 1, 1}, Callable{"endswith", 1, 1},
                                Callable{"strftime", 1, 1}};
constexpr std::array functions = {Callable{"now_utc", 0, 0},      Callable{"today_utc", 0, 0},
                                  Callable{"duration", 1, 1},     Callable{"day_delta", 1, 2},
                                  Callable{"max", 1, any_number}, Callable{"min", 1, any_number}};

struct Problem {
  std::string message;
  std::size_t at;
};

struct Token {
  enum class Type { end, name, number, text, symbol };
  Type type = Type::end;
  std::string_view source;  ///< as written
  std::string text;         ///< of a text literal, unescaped
  std::size_t at = 0;
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// The tokens of one expression, up to its `}}`.
class Tokens {
 public:
  Tokens(std::string_view text, std::size_t at) : text_(text), at_(at) { advance(); }

  const Token& peek() const { return token_; }
  /// The `}}` stays: what follows it is not ours to read.
  Token take() {
    if (is_symbol("}}")) return token_;
    Token token = std::move(token_);
    advance();
    return token;
  }
  bool is_symbol(std::string_view symbol) const {
    return token_.type == Token::Type::symbol && token_.source == symbol;
  }
  bool is_word(std::string_view word) const {
    return token_.type == Token::Type::name && token_.source == word;
  }
  bool take_symbol(std::string_view symbol) {
    if (!is_symbol(symbol)) return false;
    advance();
    return true;
  }
  bool take_word(std::string_view word) {
    if (!is_word(word)) return false;
    advance();
    return true;
  }
  /// Where the text after the current token begins.
  std::size_t position() const { return at_; }

 private:
  void advance() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    token_ = Token{};
    token_.at = at_;
    if (at_ == text_.size()) throw Problem{"the closing }} is missing", at_};
    const char c = text_[at_];
    if (is_letter(c)) {
      word(Token::Type::name);
    } else if (is_digit(c)) {
      number();
    } else if (c == '\'' || c == '"') {
      quoted(c);
    } else {
      symbol();
    }
  }
  void word(Token::Type type) {
    const std::size_t start = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    token_.type = type;
    token_.source = text_.substr(start, at_ - start);
  }
  void number() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    if (at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1])) {
      ++at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    }
    if (at_ < text_.size() && is_letter(text_[at_])) throw Problem{"not a number", start};
    token_.type = Token::Type::number;
    token_.source = text_.substr(start, at_ - start);
  }
  void quoted(char quote) {
    const std::size_t start = at_++;
    token_.type = Token::Type::text;
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      char c = text_[at_];
      if (c == '\\') {
        if (++at_ == text_.size()) break;
        switch (text_[at_]) {
          case 'n':
            c = '\n';
            break;
          case 't':
            c = '\t';
            break;
          case 'r':
            c = '\r';
            break;
          case '\\':
          case '\'':
          case '"':
            c = text_[at_];
            break;
          default:
            throw Problem{"unknown escape in a text", at_};
        }
      }
      token_.text += c;
    }
    if (at_ >= text_.size()) throw Problem{"a text has no closing quote", start};
    ++at_;
    token_.source = text_.substr(start, at_ - start);
  }
  void symbol() {
    static constexpr std::array<std::string_view, 5> pairs = {"}}", "==", "!=", "<=", ">="};
    static constexpr std::string_view singles = "()[],.|+-<>";
    for (const std::string_view pair : pairs)
      if (text_.substr(at_, 2) == pair) return found(2);
    if (singles.find(text_[at_]) != std::string_view::npos) return found(1);
    throw Problem{"unexpected '" + std::string(1, text_[at_]) + "'", at_};
  }
  void found(std::size_t size) {
    token_.type = Token::Type::symbol;
    token_.source = text_.substr(at_, size);
    at_ += size;
  }

  std::string_view text_;
  std::size_t at_;
  Token token_;
};

/// Operator precedence as in Jinja: choice, or, and, not, comparison, + -, sign, filters.
class ExpressionParser {
 public:
  explicit ExpressionParser(Tokens& tokens) : tokens_(tokens) {}

  Node whole() {
    Node node = choice();
    if (!tokens_.is_symbol("}}")) throw unexpected();
    return node;
  }

 private:
  Problem unexpected() const {
    return {"unexpected '" + std::string(tokens_.peek().source) + "'", tokens_.peek().at};
  }
  void expect(std::string_view symbol) {
    if (tokens_.take_symbol(symbol)) return;
    throw Problem{"'" + std::string(symbol) + "' is expected before '" +
                      std::string(tokens_.peek().source) + "'",
                  tokens_.peek().at};
  }
  Node make(Kind kind, std::string text = {}) {
    if (++nodes_ > most_nodes)
      throw Problem{"more than 512 parts in one expression", tokens_.peek().at};
    auto node = std::make_unique<Expression>();
    node->kind = kind;
    node->text = std::move(text);
    return node;
  }
  template <class... Parts>
  Node join(Kind kind, std::string text, Parts... parts) {
    Node node = make(kind, std::move(text));
    (node->parts.push_back(std::move(parts)), ...);
    return node;
  }
  struct Level {
    explicit Level(ExpressionParser& parser) : parser_(parser) {
      if (++parser_.depth_ > most_depth)
        throw Problem{"nested deeper than 64", parser_.tokens_.peek().at};
    }
    ~Level() { --parser_.depth_; }
    ExpressionParser& parser_;
  };

  Node choice() {
    const Level level(*this);
    Node value = either();
    if (!tokens_.take_word("if")) return value;
    Node condition = either();
    Node node = join(Kind::choice, {}, std::move(value), std::move(condition));
    if (tokens_.take_word("else")) node->parts.push_back(choice());
    return node;
  }
  Node either() {
    Node left = both();
    while (tokens_.take_word("or")) left = join(Kind::or_, {}, std::move(left), both());
    return left;
  }
  Node both() {
    Node left = negation();
    while (tokens_.take_word("and")) left = join(Kind::and_, {}, std::move(left), negation());
    return left;
  }
  Node negation() {
    const Level level(*this);
    if (tokens_.take_word("not")) return join(Kind::not_, {}, negation());
    return comparison();
  }
  std::optional<Kind> comparison_kind() {
    if (tokens_.take_symbol("==")) return Kind::equal;
    if (tokens_.take_symbol("!=")) return Kind::not_equal;
    if (tokens_.take_symbol("<")) return Kind::less;
    if (tokens_.take_symbol("<=")) return Kind::less_or_equal;
    if (tokens_.take_symbol(">")) return Kind::greater;
    if (tokens_.take_symbol(">=")) return Kind::greater_or_equal;
    if (tokens_.take_word("in")) return Kind::in;
    if (tokens_.take_word("not")) {
      if (!tokens_.take_word("in")) throw unexpected();
      return Kind::not_in;
    }
    return std::nullopt;
  }
  Node comparison() {
    Node left = sum();
    const auto kind = comparison_kind();
    if (!kind) return left;
    Node node = join(*kind, {}, std::move(left), sum());
    const std::size_t next = tokens_.peek().at;
    if (comparison_kind()) throw Problem{"comparisons cannot be chained", next};
    return node;
  }
  Node sum() {
    Node left = signed_value();
    for (;;) {
      if (tokens_.take_symbol("+"))
        left = join(Kind::add, {}, std::move(left), signed_value());
      else if (tokens_.take_symbol("-"))
        left = join(Kind::subtract, {}, std::move(left), signed_value());
      else
        return left;
    }
  }
  Node signed_value() {
    const Level level(*this);
    if (tokens_.take_symbol("-")) return join(Kind::negate, {}, signed_value());
    Node value = postfix(primary());
    while (tokens_.take_symbol("|")) value = filter(std::move(value));
    return value;
  }

  Node primary() {
    const Token token = tokens_.take();
    if (token.type == Token::Type::number) return number(token);
    if (token.type == Token::Type::text) return text(token);
    if (token.type == Token::Type::name) return word(token);
    if (token.source == "(") {
      Node inner = choice();
      expect(")");
      return inner;
    }
    if (token.source == "[") return list();
    throw Problem{token.source == "}}" ? "an expression is expected before '}}'"
                                       : "unexpected '" + std::string(token.source) + "'",
                  token.at};
  }
  Node number(const Token& token) {
    Node node = make(Kind::literal);
    const char* first = token.source.data();
    const char* last = first + token.source.size();
    std::int64_t integer = 0;
    if (const auto [end, code] = std::from_chars(first, last, integer);
        code == std::errc() && end == last) {
      node->literal = integer;
      return node;
    }
    double real = 0;
    if (const auto [end, code] = std::from_chars(first, last, real);
        code != std::errc() || end != last)
      throw Problem{"the number is too large", token.at};
    node->literal = real;
    return node;
  }
  Node text(const Token& token) {
    Node node = make(Kind::literal);
    std::string value = token.text;
    while (tokens_.peek().type == Token::Type::text) value += tokens_.take().text;
    node->literal = value;
    return node;
  }
  Node word(const Token& token) {
    const std::string_view name = token.source;
    const auto constant = [&](json::value value) {
      Node node = make(Kind::literal);
      node->literal = std::move(value);
      return node;
    };
    if (name == "true" || name == "True") return constant(true);
    if (name == "false" || name == "False") return constant(false);
    if (name == "none" || name == "None") return constant(nullptr);
    for (const std::string_view reserved : {"and", "or", "not", "if", "else", "in", "is"})
      if (name == reserved) throw Problem{"unexpected '" + std::string(name) + "'", token.at};
    if (tokens_.is_symbol("(")) return call(Kind::function, functions, "function", token, nullptr);
    check_plain(token);
    return make(Kind::name, std::string(name));
  }
  void check_plain(const Token& token) const {
    if (token.source.substr(0, 2) == "__")
      throw Problem{"the name '" + std::string(token.source) + "' is not allowed", token.at};
  }
  Node list() {
    Node node = make(Kind::list);
    while (!tokens_.is_symbol("]")) {
      node->parts.push_back(choice());
      if (!tokens_.take_symbol(",")) break;
    }
    expect("]");
    return node;
  }
  Node postfix(Node value) {
    for (;;) {
      if (tokens_.take_symbol(".")) {
        const Token token = tokens_.take();
        if (token.type != Token::Type::name)
          throw Problem{"a name is expected after the dot", token.at};
        if (tokens_.is_symbol("(")) {
          value = call(Kind::method, methods, "method", token, std::move(value));
        } else {
          check_plain(token);
          value = join(Kind::member, std::string(token.source), std::move(value));
        }
      } else if (tokens_.take_symbol("[")) {
        Node index = choice();
        expect("]");
        value = join(Kind::index, {}, std::move(value), std::move(index));
      } else {
        return value;
      }
    }
  }
  Node filter(Node value) {
    const Token token = tokens_.take();
    if (token.type != Token::Type::name)
      throw Problem{"the name of a filter is expected after '|'", token.at};
    return call(Kind::filter, filters, "filter", token, std::move(value));
  }
  /// `name(arguments)`; a filter may go without parentheses.
  Node call(Kind kind, std::span<const Callable> known, std::string_view what, const Token& token,
            Node subject) {
    const Callable* callable = nullptr;
    for (const Callable& one : known)
      if (one.name == token.source) callable = &one;
    const std::string name(token.source);
    if (!callable) {
      std::vector<std::string> names;
      for (const Callable& one : known) names.emplace_back(one.name);
      throw Problem{
          "there is no " + std::string(what) + " '" + name + "'" + did_you_mean(name, names),
          token.at};
    }
    Node node = make(kind, name);
    if (subject) node->parts.push_back(std::move(subject));
    std::size_t arguments = 0;
    if (tokens_.take_symbol("(")) {
      while (!tokens_.is_symbol(")")) {
        node->parts.push_back(choice());
        ++arguments;
        if (!tokens_.take_symbol(",")) break;
      }
      expect(")");
    }
    if (arguments < callable->least || arguments > callable->most)
      throw Problem{"the " + std::string(what) + " '" + name + "' does not take " +
                        std::to_string(arguments) + " arguments",
                    token.at};
    return node;
  }

  Tokens& tokens_;
  int depth_ = 0;
  int nodes_ = 0;
};

std::vector<TemplatePiece> pieces_of(std::string_view text) {
  std::vector<TemplatePiece> pieces;
  std::string literal;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view two = text.substr(at, 2);
    if (two == "{%" || two == "{#")
      throw Problem{"statements and comments are not part of the language", at};
    if (two != "{{") {
      literal += text[at++];
      continue;
    }
    Tokens tokens(text, at + 2);
    TemplatePiece piece;
    piece.text = std::exchange(literal, {});
    piece.expression = ExpressionParser(tokens).whole();
    at = tokens.position();
    pieces.push_back(std::move(piece));
  }
  if (!literal.empty()) pieces.push_back({std::move(literal), nullptr});
  return pieces;
}

Error refusal(std::string_view text, const Problem& problem) {
  const std::string_view before = text.substr(0, problem.at);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  std::size_t line = 1;
  for (const char c : before) line += c == '\n' ? 1 : 0;
  std::string where = "column " + std::to_string(problem.at - line_start + 1);
  if (line > 1) where += " of line " + std::to_string(line);
  return invalid("the template \"" + std::string(text.substr(0, 120)) +
                 (text.size() > 120 ? "...\"" : "\"") + " cannot be read at " + where + ": " +
                 problem.message);
}

}  // namespace

Result<std::vector<TemplatePiece>> parse_template(std::string_view text) {
  if (text.size() > most_characters) return refusal(text, {"longer than 16 KiB", 0});
  // Like Jinja, which drops the newline that ends a YAML block text.
  if (text.ends_with('\n')) text.remove_suffix(1);
  try {
    return pieces_of(text);
  } catch (const Problem& problem) {
    return refusal(text, problem);
  }
}

}  // namespace fairlead::connector
