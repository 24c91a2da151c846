// Records on their way out: wrapped where they are no objects, cut down to the fields that were
// asked for, long strings shortened; all while they are copied. Parts 1.8 of the platform contract
// and 9.3 of the format.
#pragma once

#include "connector/raw_json.hpp"

#include <string>
#include <vector>

namespace fairlead::connector {

struct Shaping {
  const std::vector<std::string>* select = nullptr;   ///< wins over `exclude`; empty: all
  const std::vector<std::string>* exclude = nullptr;  ///< literal keys first, else dotted paths
  bool truncate = false;                              ///< strings of over 200 code points
};

class RecordWriter {
 public:
  struct Slot {
    RawJson::Value value;
    std::uint32_t behind = 0;
  };

  RecordWriter(const RawJson& json, const Shaping& shaping, std::string& out);

  /// An array of the records; answers how many. Where an element is no object it becomes
  /// {"value": element}.
  std::size_t write_list(RawJson::Value array);
  std::size_t write_list(const std::vector<Slot>& records);
  /// One result: null stays null, a list is a list of records, a scalar is wrapped, of an object
  /// with a list `data` the elements of that are the records.
  void write_result(Slot slot);

 private:
  struct Name {
    std::string whole, first, key_text;  // key_text: "whole": as JSON
    std::vector<std::string> rest;       // behind `first` of a dotted name
    bool found = false, head_found = false;
    Slot slot, head;
    const std::string& segment(std::size_t depth) const {
      return found ? whole : depth == 0 ? first : rest[depth - 1];
    }
    bool ends_at(std::size_t depth) const { return found || depth == rest.size(); }
  };
  using Paths = std::vector<const std::string*>;

  bool shapes() const { return !select_.empty() || !exclude_.empty() || truncate_; }
  void write_record(Slot slot);
  void write_selected(Slot object);
  /// The fields of `names` that share their path up to `depth`, in the order asked.
  void write_group(const std::vector<const Name*>& names, std::size_t depth);
  void write_without(Slot object);
  void write_object_without(RawJson::Value object, const std::vector<Paths>& paths);
  void write_value(Slot slot);
  void write_truncated(Slot slot);
  void write_key(std::string_view raw_key);

  const RawJson& json_;
  std::string& out_;
  std::vector<Name> select_, exclude_;
  std::vector<const Name*> found_;
  std::uint64_t lengths_ = 0;  // bit n: a selected name, or its first segment, has n bytes
  bool truncate_ = false;
};

}  // namespace fairlead::connector
