// The records of the service, and the rules that hold between them. Not safe for several threads:
// Harbor holds a lock.
#pragma once

#include "base/clock.hpp"
#include "sandbox/fields.hpp"
#include "sandbox/harbor.hpp"
#include "sandbox/paging.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::sandbox {

using Content = std::shared_ptr<const std::string>;

struct Record {
  std::uint64_t number = 0;
  json::object fields;
  Content content = {};  ///< of a file
};

/// The text of a field; "" when it is null or absent.
std::string_view text_of(const json::object& fields, std::string_view name);

/// Which records a list holds, in which order, and where to begin.
struct Selection {
  /// The place of a record in the order; nullopt leaves it out.
  std::function<std::optional<SortKey>(const Record&)> key;
  bool descending = true;
  std::optional<Position> after = {};
  std::size_t limit = usual_per_page;
};

class Records {
 public:
  explicit Records(Limits limits) : limits_(limits) {}

  /// `fields` come from read_new. Throws Refused: 422 for a reference to nothing or a full service,
  /// 409 where the state does not allow it.
  const Record& create(Kind kind, json::object fields, Instant now, Content content = {});
  /// Throws Refused (404).
  const Record& get(Kind kind, std::string_view id) const;
  /// `changes` come from read_change. Throws Refused: 404, 409, 422.
  const Record& change(Kind kind, std::string_view id, const json::object& changes, Instant now);
  /// Throws Refused: 404, 409.
  void erase(Kind kind, std::string_view id, Instant now);

  Page list(Kind kind, const Selection& selection) const;
  const std::map<std::uint64_t, Record>& all(Kind kind) const { return table(kind).records; }

 private:
  struct Table {
    std::map<std::uint64_t, Record> records;
    std::uint64_t next_number = 1001;
  };
  const Table& table(Kind kind) const { return tables_[static_cast<std::size_t>(kind)]; }
  Table& table(Kind kind) { return tables_[static_cast<std::size_t>(kind)]; }

  Record& find(Kind kind, std::string_view id);
  void check_references(const json::object& fields) const;
  void check_unique_email(const json::object& fields, std::uint64_t number) const;
  void complete_ticket(json::object& fields) const;
  void complete(Kind kind, std::uint64_t number, json::object& fields, const Content& content);
  void check_order_change(const json::object& before, const json::object& changes) const;
  void forget_reference(Kind kind, std::string_view field, std::string_view id, Instant now);
  bool refers(Kind kind, std::string_view field, std::string_view id) const;

  Limits limits_;
  std::array<Table, all_kinds.size()> tables_;
  std::size_t file_bytes_ = 0;
};

}  // namespace fairlead::sandbox
