#include "sandbox/records.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "sandbox/answer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace fairlead::sandbox {
namespace {

/// Where an order may go from where it is.
const std::map<std::string_view, std::vector<std::string_view>> order_steps{
    {"pending", {"paid", "cancelled"}},
    {"paid", {"shipped", "refunded", "cancelled"}},
    {"shipped", {"delivered"}},
    {"delivered", {"refunded"}},
    {"cancelled", {}},
    {"refunded", {}}};

constexpr std::array<std::pair<std::string_view, Kind>, 3> references{
    {{"customer_id", Kind::customer}, {"order_id", Kind::order}, {"ticket_id", Kind::ticket}}};

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c; });
  return lowered;
}

std::int64_t total_of(const json::value& items) {
  std::int64_t total = 0;
  for (const json::value& item : items.as_array())
    total += item.at("quantity").as_int64() * item.at("unit_price").as_int64();
  return total;
}

}  // namespace

std::string_view text_of(const json::object& fields, std::string_view name) {
  const json::string* text = find_string(fields, name);
  return text ? view(*text) : std::string_view();
}

const Record& Records::get(Kind kind, std::string_view id) const {
  const auto number = number_of(kind, id);
  const auto found = number ? table(kind).records.find(*number) : table(kind).records.end();
  if (found == table(kind).records.end())
    refuse(404, "not_found", fmt::format("there is no such {}", name_of(kind)));
  return found->second;
}

Record& Records::find(Kind kind, std::string_view id) {
  return table(kind).records.at(get(kind, id).number);
}

void Records::check_references(const json::object& fields) const {
  std::vector<FieldError> problems;
  for (const auto& [field, kind] : references) {
    const std::string_view id = text_of(fields, field);
    if (id.empty()) continue;
    const auto number = number_of(kind, id);
    if (!number || !table(kind).records.contains(*number))
      problems.push_back(
          {std::string(field), fmt::format("{} names no {}", field, name_of(kind)), "not_found"});
  }
  if (!problems.empty()) refuse_fields(std::move(problems));
}

void Records::check_unique_email(const json::object& fields, std::uint64_t number) const {
  const std::string email = lower(text_of(fields, "email"));
  if (email.empty()) return;
  for (const auto& [other, record] : all(Kind::customer))
    if (other != number && lower(text_of(record.fields, "email")) == email) {
      const std::string message =
          fmt::format("email belongs to the customer {} already", text_of(record.fields, "id"));
      throw Refused({409, "already_exists", message, {{"email", message, "already_exists"}}});
    }
}

void Records::complete_ticket(json::object& fields) const {
  const std::string_view order_id = text_of(fields, "order_id");
  if (order_id.empty()) return;
  const json::value& customer = get(Kind::order, order_id).fields.at("customer_id");
  if (text_of(fields, "customer_id").empty()) fields["customer_id"] = customer;
  if (fields["customer_id"] != customer)
    refuse_fields({{"order_id", "order_id belongs to another customer", "mismatch"}});
}

void Records::complete(Kind kind, std::uint64_t number, json::object& fields,
                       const Content& content) {
  check_references(fields);
  switch (kind) {
    case Kind::customer:
      check_unique_email(fields, number);
      break;
    case Kind::order:
      fields["number"] = fmt::format("H-{}", number);
      fields["total"] = total_of(fields.at("items"));
      break;
    case Kind::ticket:
      complete_ticket(fields);
      break;
    case Kind::comment:
      break;
    case Kind::file:
      fields["size"] = content->size();
      fields["sha256"] = to_hex(bytes_of(sha256(*content)));
      break;
  }
}

const Record& Records::create(Kind kind, json::object fields, Instant now, Content content) {
  Table& home = table(kind);
  if (home.records.size() >= limits_.records)
    refuse(
        422, "limit_reached",
        fmt::format("this account holds {} {}s, and no more fit", limits_.records, name_of(kind)));
  if (content && content->size() > limits_.file_bytes)
    refuse(422, "limit_reached", fmt::format("a file has at most {} bytes", limits_.file_bytes));
  if (content && file_bytes_ + content->size() > limits_.all_file_bytes)
    refuse(422, "limit_reached",
           fmt::format("all files together have at most {} bytes", limits_.all_file_bytes));
  if (kind == Kind::comment) {
    Record& ticket = find(Kind::ticket, text_of(fields, "ticket_id"));
    if (text_of(ticket.fields, "status") == "closed")
      refuse(409, "invalid_state", "the ticket is closed; open it again to comment on it");
    ticket.fields["updated_at"] = to_rfc3339(now);
  }
  complete(kind, home.next_number, fields, content);

  const std::uint64_t number = home.next_number++;
  json::object named{{"id", id_of(kind, number)}};
  for (auto& field : fields) named.emplace(field.key(), std::move(field.value()));
  named["created_at"] = to_rfc3339(now);
  named["updated_at"] = named.at("created_at");
  if (content) file_bytes_ += content->size();
  return home.records.emplace(number, Record{number, std::move(named), std::move(content)})
      .first->second;
}

void Records::check_order_change(const json::object& before, const json::object& changes) const {
  const std::string_view from = text_of(before, "status"), to = text_of(changes, "status");
  const auto& steps = order_steps.at(from);
  if (!to.empty() && to != from && std::find(steps.begin(), steps.end(), to) == steps.end())
    refuse(409, "invalid_state",
           steps.empty() ? fmt::format("a {} order stays as it is", from)
                         : fmt::format("a {} order may become {}, not {}", from,
                                       fmt::join(steps, " or "), to));
  if (changes.contains("items") && from != "pending")
    refuse(409, "invalid_state",
           fmt::format("the items of a {} order cannot be changed; only of a pending one", from));
}

const Record& Records::change(Kind kind, std::string_view id, const json::object& changes,
                              Instant now) {
  Record& record = find(kind, id);
  if (kind == Kind::order) check_order_change(record.fields, changes);
  json::object fields = record.fields;
  for (const auto& change : changes) fields[change.key()] = change.value();
  complete(kind, record.number, fields, record.content);
  fields["updated_at"] = to_rfc3339(now);
  record.fields = std::move(fields);
  return record;
}

bool Records::refers(Kind kind, std::string_view field, std::string_view id) const {
  return std::any_of(all(kind).begin(), all(kind).end(),
                     [&](const auto& entry) { return text_of(entry.second.fields, field) == id; });
}

void Records::forget_reference(Kind kind, std::string_view field, std::string_view id,
                               Instant now) {
  for (auto& [number, record] : table(kind).records)
    if (text_of(record.fields, field) == id) {
      record.fields[field] = nullptr;
      record.fields["updated_at"] = to_rfc3339(now);
    }
}

void Records::erase(Kind kind, std::string_view id, Instant now) {
  const Record& record = get(kind, id);
  const std::string_view status = text_of(record.fields, "status");
  switch (kind) {
    case Kind::customer:
      if (refers(Kind::order, "customer_id", id) || refers(Kind::ticket, "customer_id", id))
        refuse(409, "in_use", "the customer has orders or tickets; make them inactive instead");
      break;
    case Kind::order:
      if (status != "pending" && status != "cancelled")
        refuse(
            409, "invalid_state",
            fmt::format("a {} order cannot be deleted; only a pending or cancelled one", status));
      forget_reference(Kind::ticket, "order_id", id, now);
      break;
    case Kind::ticket:
      std::erase_if(table(Kind::comment).records, [&](const auto& entry) {
        return text_of(entry.second.fields, "ticket_id") == id;
      });
      forget_reference(Kind::file, "ticket_id", id, now);
      break;
    case Kind::comment:
      break;
    case Kind::file:
      file_bytes_ -= record.content->size();
      break;
  }
  table(kind).records.erase(record.number);
}

Page Records::list(Kind kind, const Selection& selection) const {
  const auto before = [&](const Position& a, const Position& b) {
    return selection.descending ? b < a : a < b;
  };
  std::vector<std::pair<Position, const Record*>> places;
  for (const auto& [number, record] : all(kind)) {
    auto key = selection.key(record);
    if (!key) continue;
    Position position{*std::move(key), number};
    if (!selection.after || before(*selection.after, position))
      places.emplace_back(std::move(position), &record);
  }
  const std::size_t shown = std::min(selection.limit, places.size());
  std::partial_sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(shown),
                    places.end(),
                    [&](const auto& a, const auto& b) { return before(a.first, b.first); });
  Page page;
  for (std::size_t i = 0; i < shown; ++i) page.records.push_back(places[i].second->fields);
  if (shown > 0 && shown < places.size()) page.next = places[shown - 1].first;
  return page;
}

}  // namespace fairlead::sandbox
