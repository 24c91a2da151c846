#include "connector/record_writer.hpp"

#include "base/json.hpp"

#include <algorithm>

namespace fairlead::connector {
namespace {

constexpr std::size_t most_code_points = 200;
constexpr std::string_view truncation_note =
    "... [truncated; use the get action for the full text]";

/// Where `lengths_` counts a name; long ones share the last bit.
std::uint64_t length_bit(std::string_view name) {
  return std::uint64_t{1} << std::min<std::size_t>(name.size(), 63);
}

std::vector<std::string> segments(std::string_view dotted) {
  std::vector<std::string> out;
  while (true) {
    const auto dot = dotted.find('.');
    out.emplace_back(dotted.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    dotted.remove_prefix(dot + 1);
  }
}

/// How many bytes of the inside of a JSON string hold its first `most` code points; npos when it
/// has no more than these.
std::size_t raw_prefix(std::string_view raw, std::size_t most) {
  std::size_t at = 0;
  for (std::size_t points = 0; at < raw.size(); ++points) {
    if (points == most) return at;
    const auto byte = static_cast<unsigned char>(raw[at]);
    if (byte != '\\') {
      at += byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      continue;
    }
    const bool high = raw.substr(at, 3) == "\\ud" || raw.substr(at, 3) == "\\uD";
    const bool pair = high && at + 3 < raw.size() &&
                      std::string_view("89abAB").find(raw[at + 3]) != std::string_view::npos;
    at += raw.substr(at, 2) != "\\u" ? 2 : pair ? 12 : 6;
  }
  return std::string_view::npos;
}

}  // namespace

RecordWriter::RecordWriter(const RawJson& json, const Shaping& shaping, std::string& out)
    : json_(json), out_(out), truncate_(shaping.truncate) {
  const auto add = [](std::vector<Name>& to, const std::vector<std::string>& names) {
    for (const std::string& whole : names) {
      const bool known =
          std::any_of(to.begin(), to.end(), [&](const Name& name) { return name.whole == whole; });
      if (known) continue;
      Name name;
      name.whole = whole;
      name.rest = segments(whole);
      append_json_string(name.key_text, whole);
      name.key_text += ':';
      name.first = name.rest.front();
      name.rest.erase(name.rest.begin());
      to.push_back(std::move(name));
    }
  };
  if (shaping.select != nullptr) add(select_, *shaping.select);
  for (const Name& name : select_) lengths_ |= length_bit(name.whole) | length_bit(name.first);
  if (select_.empty() && shaping.exclude != nullptr) add(exclude_, *shaping.exclude);
}

std::size_t RecordWriter::write_list(RawJson::Value array) {
  std::size_t count = 0;
  bool as_it_stands = !shapes();
  std::uint32_t end = array.at + 1;
  json_.each_element(array, [&](RawJson::Value element, std::uint32_t behind) {
    as_it_stands = as_it_stands && json_.is_object(element);
    ++count;
    end = behind;
  });
  if (as_it_stands) {
    out_ += json_.slice_until(array, end + 1);
    return count;
  }
  out_ += '[';
  bool first = true;
  json_.each_element(array, [&](RawJson::Value element, std::uint32_t behind) {
    if (!first) out_ += ',';
    first = false;
    write_record({element, behind});
  });
  out_ += ']';
  return count;
}

std::size_t RecordWriter::write_list(const std::vector<Slot>& records) {
  out_ += '[';
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i > 0) out_ += ',';
    write_record(records[i]);
  }
  out_ += ']';
  return records.size();
}

void RecordWriter::write_result(Slot slot) {
  if (json_.is_array(slot.value)) {
    write_list(slot.value);
    return;
  }
  const auto data =
      json_.is_object(slot.value) && shapes() ? json_.find(slot.value, "data") : std::nullopt;
  if (json_.is_null(slot.value)) {
    out_ += "null";
  } else if (!data || !json_.is_array(*data)) {
    write_record(slot);
  } else {
    out_ += '{';
    bool first = true;
    json_.each_member(slot.value, [&](const RawJson::Member& member, std::uint32_t behind) {
      if (!first) out_ += ',';
      first = false;
      write_key(member.raw_key);
      if (member.value.at == data->at)
        write_list(*data);
      else
        write_value({member.value, behind});
    });
    out_ += '}';
  }
}

void RecordWriter::write_record(Slot slot) {
  if (!json_.is_object(slot.value)) {
    const auto names_value = [](const Name& name) { return name.whole == "value"; };
    const bool selected =
        select_.empty() || std::any_of(select_.begin(), select_.end(), names_value);
    const bool excluded = std::any_of(exclude_.begin(), exclude_.end(), names_value);
    out_ += '{';
    if (selected && !excluded) {
      out_ += "\"value\":";
      write_value(slot);
    }
    out_ += '}';
  } else if (!select_.empty()) {
    write_selected(slot);
  } else if (!exclude_.empty()) {
    write_without(slot);
  } else {
    write_value(slot);
  }
}

void RecordWriter::write_selected(Slot object) {
  for (Name& name : select_) name.found = name.head_found = false;
  json_.each_member(object.value, [&](const RawJson::Member& member, std::uint32_t behind) {
    // Most members are told apart by the length of their key alone.
    if (!member.may_have_escapes && (lengths_ & length_bit(member.raw_key)) == 0) return;
    for (Name& name : select_) {
      if (member.means(name.whole)) {
        name.found = true;
        name.slot = {member.value, behind};
      } else if (!name.rest.empty() && member.means(name.first)) {
        name.head_found = true;
        name.head = {member.value, behind};
      }
    }
  });
  bool nested = false;
  found_.clear();
  for (Name& name : select_) {
    if (name.found) {
      found_.push_back(&name);
      continue;
    }
    std::optional<RawJson::Value> value;
    if (name.head_found) value = name.head.value;
    for (std::size_t i = 0; value && i < name.rest.size(); ++i)
      value = json_.find(*value, name.rest[i]);
    if (!value) continue;
    name.slot = {*value, json_.behind(*value)};
    found_.push_back(&name);
    nested = true;
  }
  if (nested) {
    write_group(found_, 0);
    return;
  }
  out_ += '{';
  for (std::size_t i = 0; i < found_.size(); ++i) {
    if (i > 0) out_ += ',';
    out_ += found_[i]->key_text;
    write_value(found_[i]->slot);
  }
  out_ += '}';
}

void RecordWriter::write_group(const std::vector<const Name*>& names, std::size_t depth) {
  out_ += '{';
  bool first = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& key = names[i]->segment(depth);
    const auto same_key = [&](const Name* name) { return name->segment(depth) == key; };
    const auto here = names.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(names.begin(), here, same_key)) continue;  // is written already
    if (!first) out_ += ',';
    first = false;
    append_json_string(out_, key);
    out_ += ':';
    // Who asked for the whole and for parts of it gets the whole.
    const auto whole = std::find_if(here, names.end(), [&](const Name* name) {
      return same_key(name) && name->ends_at(depth);
    });
    if (whole != names.end()) {
      write_value((*whole)->slot);
      continue;
    }
    std::vector<const Name*> parts;
    std::copy_if(here, names.end(), std::back_inserter(parts), same_key);
    write_group(parts, depth + 1);
  }
  out_ += '}';
}

void RecordWriter::write_without(Slot object) {
  for (Name& name : exclude_) name.found = false;
  json_.each_member(object.value, [&](const RawJson::Member& member, std::uint32_t) {
    for (Name& name : exclude_) name.found = name.found || member.means(name.whole);
  });
  std::vector<Paths> paths;
  for (const Name& name : exclude_) {
    Paths& path = paths.emplace_back();
    path.push_back(name.found ? &name.whole : &name.first);
    if (!name.found)
      for (const std::string& segment : name.rest) path.push_back(&segment);
  }
  write_object_without(object.value, paths);
}

void RecordWriter::write_object_without(RawJson::Value object, const std::vector<Paths>& paths) {
  out_ += '{';
  bool first = true;
  json_.each_member(object, [&](const RawJson::Member& member, std::uint32_t behind) {
    std::vector<Paths> deeper;
    for (const Paths& path : paths) {
      if (!member.means(*path.front())) continue;
      if (path.size() == 1) return;
      deeper.emplace_back(path.begin() + 1, path.end());
    }
    if (!first) out_ += ',';
    first = false;
    write_key(member.raw_key);
    if (!deeper.empty() && json_.is_object(member.value))
      write_object_without(member.value, deeper);
    else
      write_value({member.value, behind});
  });
  out_ += '}';
}

void RecordWriter::write_value(Slot slot) {
  if (truncate_)
    write_truncated(slot);
  else
    out_ += json_.slice_until(slot.value, slot.behind);
}

void RecordWriter::write_truncated(Slot slot) {
  const std::string_view whole = json_.slice_until(slot.value, slot.behind);
  const std::size_t start = json_.position(slot.value.at);
  std::size_t copied = 0;  // of `whole`
  for (std::uint32_t at = slot.value.at; at < slot.behind; ++at) {
    const std::size_t begin = json_.position(at);
    const std::size_t stop = std::min(json_.position(at + 1), start + whole.size());
    if (stop - begin <= most_code_points || json_.character(at) != '"' ||
        json_.character(at + 1) == ':')
      continue;
    const auto token = json_.slice_until(RawJson::Value{at}, at + 1);
    const auto prefix = raw_prefix(token.substr(1, token.size() - 2), most_code_points);
    if (prefix == std::string_view::npos) continue;
    out_ += whole.substr(copied, begin - start + 1 + prefix - copied);
    out_ += truncation_note;
    copied = begin - start + token.size() - 1;  // its closing quote
  }
  out_ += whole.substr(copied);
}

void RecordWriter::write_key(std::string_view raw_key) {
  out_ += '"';
  out_ += raw_key;
  out_ += "\":";
}

}  // namespace fairlead::connector
