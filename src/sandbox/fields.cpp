#include "sandbox/fields.hpp"

#include "base/encoding.hpp"
#include "base/suggestion.hpp"
#include "net/message.hpp"
#include "sandbox/answer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace fairlead::sandbox {
namespace {

enum class Type {
  text,
  email,
  choice,
  flag,
  tags,
  metadata,
  address,
  items,
  file_name,
  media_type,
  reference
};

/// Who sets a field: the service, the caller when the record is made, or the caller at any time.
enum class Set { by_us, once, always };

struct Rule {
  std::string_view name;
  Type type = Type::text;
  Set set = Set::always;
  bool required = false;
  bool nullable = false;
  std::size_t most = 0;  ///< code points of a text
  std::vector<std::string_view> choices = {};
  std::string_view initial = {};  ///< of a choice
};

constexpr std::size_t most_tags = 20, most_metadata = 20, most_items = 50;
constexpr std::int64_t most_quantity = 10'000, most_price = 100'000'000;

const std::vector<Rule>& rules_of(Kind kind) {
  static const std::vector<Rule> customer{
      {"name", Type::text, Set::always, true, false, 120},
      {"email", Type::email, Set::always, true, false, 254},
      {"phone", Type::text, Set::always, false, true, 40},
      {"company", Type::text, Set::always, false, true, 120},
      {.name = "status",
       .type = Type::choice,
       .choices = {"lead", "active", "inactive"},
       .initial = "active"},
      {.name = "locale",
       .type = Type::choice,
       .choices = {"en", "de", "es", "fr", "ja", "pl", "pt", "tr", "vi", "ar", "el", "ko"},
       .initial = "en"},
      {.name = "address", .type = Type::address, .nullable = true},
      {.name = "tags", .type = Type::tags},
      {.name = "metadata", .type = Type::metadata},
  };
  static const std::vector<Rule> order{
      {.name = "number", .set = Set::by_us},
      {.name = "customer_id", .type = Type::reference, .set = Set::once, .required = true},
      {.name = "status",
       .type = Type::choice,
       .choices = {"pending", "paid", "shipped", "delivered", "cancelled", "refunded"},
       .initial = "pending"},
      {.name = "currency",
       .type = Type::choice,
       .set = Set::once,
       .choices = {"EUR", "USD", "GBP", "JPY"},
       .initial = "EUR"},
      {.name = "items", .type = Type::items, .required = true},
      {.name = "total", .set = Set::by_us},
      {.name = "shipping_address", .type = Type::address, .nullable = true},
      {.name = "tracking_number", .nullable = true, .most = 60},
      {.name = "note", .nullable = true, .most = 2'000},
      {.name = "metadata", .type = Type::metadata},
  };
  static const std::vector<Rule> ticket{
      {.name = "subject", .required = true, .most = 200},
      {.name = "description", .nullable = true, .most = 20'000},
      {.name = "status",
       .type = Type::choice,
       .choices = {"open", "pending", "on_hold", "solved", "closed"},
       .initial = "open"},
      {.name = "priority",
       .type = Type::choice,
       .choices = {"low", "normal", "high", "urgent"},
       .initial = "normal"},
      {.name = "channel",
       .type = Type::choice,
       .set = Set::once,
       .choices = {"email", "chat", "phone", "web"},
       .initial = "web"},
      {.name = "customer_id", .type = Type::reference, .nullable = true},
      {.name = "order_id", .type = Type::reference, .nullable = true},
      {.name = "assignee", .type = Type::email, .nullable = true, .most = 254},
      {.name = "tags", .type = Type::tags},
  };
  static const std::vector<Rule> comment{
      {.name = "ticket_id", .set = Set::by_us},
      {.name = "author", .set = Set::once, .nullable = true, .most = 120},
      {.name = "author_role",
       .type = Type::choice,
       .set = Set::once,
       .choices = {"agent", "customer"},
       .initial = "agent"},
      {.name = "body", .required = true, .most = 20'000},
      {.name = "public", .type = Type::flag},
  };
  static const std::vector<Rule> file{
      {.name = "name", .type = Type::file_name, .required = true, .most = 200},
      {.name = "content_type", .type = Type::media_type, .set = Set::once, .most = 100},
      {.name = "size", .set = Set::by_us},
      {.name = "sha256", .set = Set::by_us},
      {.name = "ticket_id", .type = Type::reference, .nullable = true},
      {.name = "description", .nullable = true, .most = 2'000},
  };
  switch (kind) {
    case Kind::customer:
      return customer;
    case Kind::order:
      return order;
    case Kind::ticket:
      return ticket;
    case Kind::comment:
      return comment;
    case Kind::file:
      return file;
  }
  return file;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7f || (byte < 0x20 && c != '\n' && c != '\r' && c != '\t');
  });
}

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || text.find('@', at + 1) != std::string_view::npos)
    return false;
  const std::string_view domain = text.substr(at + 1);
  const std::size_t dot = domain.find('.');
  return text.find_first_of(" \t\r\n<>,;\"") == std::string_view::npos && dot != 0 &&
         dot != std::string_view::npos && domain.back() != '.' &&
         domain.find("..") == std::string_view::npos;
}

bool is_country(std::string_view text) {
  return text.size() == 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

json::value initial_value(const Rule& rule) {
  switch (rule.type) {
    case Type::choice:
      return json::string(rule.initial);
    case Type::flag:
      return true;
    case Type::tags:
      return json::array();
    case Type::metadata:
      return json::object();
    case Type::media_type:
      return "application/octet-stream";
    default:
      return nullptr;
  }
}

/// Reads one body, and gathers all that is wrong with it.
class Reader {
 public:
  explicit Reader(Kind kind) : kind_(kind) {}

  /// The value as it is kept; null when it is wrong or absent.
  json::value read(const Rule& rule, const json::value& value) {
    const std::string name(rule.name);
    const bool empty_text = value.is_string() && value.get_string().empty();
    if (value.is_null() || (empty_text && rule.nullable)) {
      if (!rule.nullable) wrong(name, "required", "may not be null");
      return nullptr;
    }
    switch (rule.type) {
      case Type::flag:
        if (!value.is_bool()) return wrong(name, "type", "must be true or false");
        return value;
      case Type::tags:
        return read_tags(name, value);
      case Type::metadata:
        return read_metadata(name, value);
      case Type::address:
        return read_address(name, value);
      case Type::items:
        return read_items(name, value);
      default:
        return read_text(name, rule, value);
    }
  }

  json::value wrong(std::string field, std::string code, std::string_view what) {
    std::string message = fmt::format("{} {}", field, what);
    problems_.push_back({std::move(field), std::move(message), std::move(code)});
    return nullptr;
  }

  /// Members that no caller may write, each with the reason.
  void refuse_others(const json::object& body, Set least) {
    for (const auto& member : body) {
      const std::string_view name = member.key();
      const auto& rules = rules_of(kind_);
      const auto rule = std::find_if(rules.begin(), rules.end(),
                                     [&](const Rule& one) { return one.name == name; });
      if (name == "id" || name == "created_at" || name == "updated_at" ||
          (rule != rules.end() && rule->set == Set::by_us))
        wrong(std::string(name), "read_only", "is set by the service");
      else if (rule == rules.end())
        wrong(shown(name), "unknown",
              fmt::format("is no field of a {}{}", name_of(kind_), did_you_mean(name, names())));
      else if (rule->set < least)
        wrong(std::string(name), "immutable", "cannot be changed");
    }
  }

  void finish() {
    if (!problems_.empty()) refuse_fields(std::move(problems_));
  }

 private:
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Rule& rule : rules_of(kind_)) names.emplace_back(rule.name);
    return names;
  }

  static std::string shown(std::string_view name) {
    return std::string(name.substr(0, utf8_prefix(name, 60)));
  }

  json::value read_text(const std::string& name, const Rule& rule, const json::value& value) {
    if (!value.is_string()) return wrong(name, "type", "must be a text");
    const std::string_view text = view(value.get_string());
    if (rule.type == Type::choice) {
      if (std::find(rule.choices.begin(), rule.choices.end(), text) == rule.choices.end())
        return wrong(name, "choice",
                     fmt::format("must be one of {}", fmt::join(rule.choices, ", ")));
      return value;
    }
    if (is_blank(text)) return wrong(name, "required", "may not be blank");
    if (rule.most != 0 && code_points(text) > rule.most)
      return wrong(name, "too_long", fmt::format("has more than {} characters", rule.most));
    if (has_control_characters(text)) return wrong(name, "format", "holds control characters");
    if (rule.type == Type::email && !is_email(text))
      return wrong(name, "format", "must be an e-mail address");
    if (rule.type == Type::media_type && !is_media_type(text))
      return wrong(name, "format", "must be a media type such as text/plain");
    if (rule.type == Type::file_name && !is_file_name(text))
      return wrong(name, "format", "must be a file name without a folder");
    return value;
  }

  json::value read_tags(const std::string& name, const json::value& value) {
    if (!value.is_array()) return wrong(name, "type", "must be a list of texts");
    if (value.get_array().size() > most_tags)
      return wrong(name, "too_long", fmt::format("has more than {} tags", most_tags));
    const Rule rule{.name = name, .most = 40};
    json::array tags;
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      json::value tag = read_text(fmt::format("{}[{}]", name, i), rule, value.get_array()[i]);
      if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(std::move(tag));
    }
    return tags;
  }

  json::value read_metadata(const std::string& name, const json::value& value) {
    if (!value.is_object()) return wrong(name, "type", "must be an object of texts");
    if (value.get_object().size() > most_metadata)
      return wrong(name, "too_long", fmt::format("has more than {} members", most_metadata));
    for (const auto& member : value.get_object()) {
      const std::string field = fmt::format("{}.{}", name, shown(member.key()));
      if (member.key().size() > 40 || is_blank(member.key()))
        wrong(field, "format", "must have a name of 1 to 40 bytes");
      else if (!member.value().is_string() || member.value().get_string().size() > 500)
        wrong(field, "type", "must be a text of at most 500 bytes");
    }
    return value;
  }

  /// The members of a nested object by their own rules; null when there is no use in going on.
  json::value read_nested(const std::string& name, const std::vector<Rule>& rules,
                          const json::value& value) {
    if (!value.is_object()) return wrong(name, "type", "must be an object");
    json::object read_members;
    for (const Rule& rule : rules) {
      const std::string field = fmt::format("{}.{}", name, rule.name);
      const json::value* given = value.get_object().if_contains(rule.name);
      if (!given && rule.required) wrong(field, "required", "is required");
      Rule named = rule;
      named.name = field;
      read_members[rule.name] = given ? read(named, *given) : nullptr;
    }
    for (const auto& member : value.get_object())
      if (!read_members.contains(member.key()))
        wrong(fmt::format("{}.{}", name, shown(member.key())), "unknown", "is no such field");
    return read_members;
  }

  json::value read_address(const std::string& name, const json::value& value) {
    static const std::vector<Rule> rules{
        {.name = "line1", .required = true, .most = 120},
        {.name = "line2", .nullable = true, .most = 120},
        {.name = "city", .required = true, .most = 80},
        {.name = "region", .nullable = true, .most = 80},
        {.name = "postal_code", .nullable = true, .most = 20},
        {.name = "country", .required = true, .most = 2},
    };
    json::value address = read_nested(name, rules, value);
    if (!address.is_object()) return nullptr;
    const json::value& country = address.get_object().at("country");
    if (country.is_string() && !is_country(view(country.get_string())))
      wrong(name + ".country", "format", "must be a country code of two capital letters");
    return address;
  }

  json::value read_items(const std::string& name, const json::value& value) {
    if (!value.is_array()) return wrong(name, "type", "must be a list of objects");
    const json::array& given = value.get_array();
    if (given.empty() || given.size() > most_items)
      return wrong(name, "count", fmt::format("must hold 1 to {} items", most_items));
    json::array items;
    for (std::size_t i = 0; i < given.size(); ++i)
      items.push_back(read_item(fmt::format("{}[{}]", name, i), given[i]));
    return items;
  }

  json::value read_item(const std::string& name, const json::value& value) {
    static const std::vector<Rule> texts{{.name = "sku", .required = true, .most = 40},
                                         {.name = "name", .required = true, .most = 120}};
    if (!value.is_object()) return wrong(name, "type", "must be an object");
    json::object rest = value.get_object();
    const json::value quantity = read_number(name, "quantity", rest, 1, most_quantity);
    const json::value price = read_number(name, "unit_price", rest, 0, most_price);
    json::value item = read_nested(name, texts, rest);
    item.as_object()["quantity"] = quantity;
    item.as_object()["unit_price"] = price;
    return item;
  }

  /// Takes an integer out of `object`.
  json::value read_number(const std::string& owner, std::string_view name, json::object& object,
                          std::int64_t least, std::int64_t most) {
    const std::string field = fmt::format("{}.{}", owner, name);
    const json::value* given = object.if_contains(name);
    if (!given) return wrong(field, "required", "is required");
    json::value number = *given;
    object.erase(name);
    if (!number.is_int64() || number.get_int64() < least || number.get_int64() > most)
      return wrong(field, "range", fmt::format("must be an integer from {} to {}", least, most));
    return number;
  }

  Kind kind_;
  std::vector<FieldError> problems_;
};

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::customer:
      return "customer";
    case Kind::order:
      return "order";
    case Kind::ticket:
      return "ticket";
    case Kind::comment:
      return "comment";
    case Kind::file:
      return "file";
  }
  return "";
}

static std::string_view prefix_of(Kind kind) {
  switch (kind) {
    case Kind::customer:
      return "cus_";
    case Kind::order:
      return "ord_";
    case Kind::ticket:
      return "tkt_";
    case Kind::comment:
      return "cmt_";
    case Kind::file:
      return "fil_";
  }
  return "";
}

std::string id_of(Kind kind, std::uint64_t number) {
  return fmt::format("{}{}", prefix_of(kind), number);
}

std::optional<std::uint64_t> number_of(Kind kind, std::string_view id) {
  if (!id.starts_with(prefix_of(kind))) return std::nullopt;
  const std::string_view digits = id.substr(prefix_of(kind).size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || id_of(kind, number) != id) return std::nullopt;
  return number;
}

json::object read_new(Kind kind, const json::object& body) {
  Reader reader(kind);
  reader.refuse_others(body, Set::once);
  json::object fields;
  for (const Rule& rule : rules_of(kind)) {
    const json::value* given = rule.set == Set::by_us ? nullptr : body.if_contains(rule.name);
    if (!given && rule.required) reader.wrong(std::string(rule.name), "required", "is required");
    fields[rule.name] = given ? reader.read(rule, *given) : initial_value(rule);
  }
  reader.finish();
  return fields;
}

json::object read_change(Kind kind, const json::object& body) {
  Reader reader(kind);
  reader.refuse_others(body, Set::always);
  json::object fields;
  for (const Rule& rule : rules_of(kind))
    if (const json::value* given = body.if_contains(rule.name); given && rule.set == Set::always)
      fields[rule.name] = reader.read(rule, *given);
  reader.finish();
  if (fields.empty()) refuse(422, "validation_failed", "the body changes no field");
  return fields;
}

const std::vector<std::string_view>& choices_of(Kind kind, std::string_view field) {
  static const std::vector<std::string_view> none;
  for (const Rule& rule : rules_of(kind))
    if (rule.name == field) return rule.choices;
  return none;
}

bool is_media_type(std::string_view text) {
  const std::string_view essence = text.substr(0, text.find(';'));
  const std::size_t slash = essence.find('/');
  return slash != std::string_view::npos && net::is_header_name(essence.substr(0, slash)) &&
         net::is_header_name(essence.substr(slash + 1)) && net::is_header_value(text);
}

bool is_file_name(std::string_view text) {
  return text != "." && text != ".." && text.find_first_of("/\\\n\r\t") == std::string_view::npos;
}

}  // namespace fairlead::sandbox
