#include "store/migration.hpp"

#include <algorithm>
#include <cctype>

namespace fairlead::store {
namespace {

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Replaces the words of types and makes tables STRICT; leaves texts and comments alone.
class ToSqlite {
 public:
  explicit ToSqlite(std::string_view sql) : sql_(sql) {}

  std::string result() {
    while (!sql_.empty()) {
      if (sql_.starts_with("--"))
        copy(until("\n"));
      else if (sql_.starts_with("/*"))
        copy(until("*/"));
      else if (sql_.front() == '\'')
        copy(1 + until("'", 1));
      else if (sql_.front() == '"')
        copy(1 + until("\"", 1));
      else if (is_word(sql_.front()))
        word();
      else
        mark();
    }
    return std::move(out_);
  }

 private:
  void copy(std::size_t count) {
    out_ += sql_.substr(0, count);
    sql_.remove_prefix(std::min(count, sql_.size()));
  }
  /// How many characters up to the one before the last of `end`, which is where copying may stop.
  std::size_t until(std::string_view end, std::size_t from = 0) const {
    const auto found = sql_.find(end, from);
    return found == std::string_view::npos ? sql_.size() : found + end.size() - 1;
  }
  void word() {
    const auto end = std::ranges::find_if_not(sql_, is_word);
    const std::string_view text = sql_.substr(0, static_cast<std::size_t>(end - sql_.begin()));
    sql_.remove_prefix(text.size());
    const std::string name = upper(text);
    if (words_ < 2) statement_ += name + ' ';
    ++words_;
    if (name == "BIGINT") {
      out_ += "INT";  // INTEGER PRIMARY KEY would fill itself in
    } else if (name == "BYTEA") {
      out_ += "BLOB";
    } else if (name == "DOUBLE" && upper(sql_.substr(0, 10)) == " PRECISION") {
      out_ += "REAL";
      sql_.remove_prefix(10);
    } else {
      out_ += text;
    }
  }
  void mark() {
    if (sql_.front() == ';') {
      if (statement_ == "CREATE TABLE ") out_ += " STRICT";
      statement_.clear();
      words_ = 0;
    }
    copy(1);
  }

  std::string_view sql_;
  std::string out_;
  std::string statement_;  // its first two words
  int words_ = 0;
};

}  // namespace

std::string in_dialect(std::string_view kind, std::string_view sql) {
  std::string result, common;
  std::string_view block;  // whose lines these are; empty: everyone's
  const auto end_common = [&] {
    result += kind == "sqlite" ? ToSqlite(common).result() : common;
    common.clear();
  };
  while (!sql.empty()) {
    const auto size = std::min(sql.find('\n'), sql.size() - 1) + 1;
    const std::string_view line = sql.substr(0, size);
    sql.remove_prefix(size);
    if (line.starts_with("-- @")) {
      std::string_view name = line.substr(4);
      name = name.substr(0, name.find_first_of(" \r\n"));
      const bool ends = name == "end";
      if (ends ? block.empty() : !block.empty() || (name != "sqlite" && name != "postgres"))
        throw Failure(
            Error{.message = "a migration has an unexpected line", .detail = std::string(line)});
      end_common();
      block = ends ? std::string_view() : name;
    } else if (block.empty()) {
      common += line;
    } else if (block == kind) {
      result += line;
    }
  }
  if (!block.empty()) throw Failure(Error{.message = "a migration has a block without -- @end"});
  end_common();
  return result;
}

}  // namespace fairlead::store
