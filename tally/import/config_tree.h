// YAML and JSON as one tree, with the line of each value and key.

#ifndef TALLYMAN_TALLY_IMPORT_CONFIG_TREE_H_
#define TALLYMAN_TALLY_IMPORT_CONFIG_TREE_H_

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::tally {

// Values of a tree, with those that an alias stands for; more are refused.
inline constexpr size_t kMaxConfigValues = 100'000;

struct ConfigMember;

// A value. Copies are deep.
struct ConfigValue {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  int line = 1;
  // A text in quotation marks, not a number or a boolean.
  bool is_quoted = false;
  std::string scalar;  // As it is written; without quotation marks.
  std::vector<ConfigValue> items;
  std::vector<ConfigMember> members;  // In order, each key once.

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  // Null if there is none, or if this is not a map.
  const ConfigMember* Find(std::string_view key) const;
};

struct ConfigMember {
  std::string key;
  int line = 1;  // Of the key.
  ConfigValue value;
};

struct ConfigTree {
  ConfigValue root;
  // Lines of YAML anchors that an alias names.
  std::set<int> used_anchors;
  // Lines of YAML tags of an application, such as "!reset".
  std::set<int> tags;
};

// Reads the one document of a YAML text. Aliases are replaced by their values;
// "<<" merges. InvalidArgument is "FILE:LINE: REASON", as below.
absl::StatusOr<ConfigTree> ParseYaml(std::string_view file,
                                     std::string_view text);

// Reads JSON, also with comments.
absl::StatusOr<ConfigTree> ParseJson(std::string_view file,
                                     std::string_view text);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_CONFIG_TREE_H_
