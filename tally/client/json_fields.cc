#include "tally/client/json_fields.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"
#include "tally/client/api.h"

namespace tallyman::tally {
namespace {

// Null if absent.
const Json* Find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

std::string TextOf(const Json& object, std::string_view key) {
  const Json* const value = Find(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>()
                                                : "";
}

std::optional<int64_t> NumberOf(const Json& object, std::string_view key) {
  const Json* const value = Find(object, key);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  return value->get<int64_t>();
}

bool FlagOf(const Json& object, std::string_view key) {
  const Json* const value = Find(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

const Json& MemberOf(const Json& object, std::string_view key) {
  static const Json& null = *new Json();
  const Json* const value = Find(object, key);
  return value == nullptr ? null : *value;
}

std::vector<std::string> TextsOf(const Json& object, std::string_view key) {
  std::vector<std::string> texts;
  const Json& list = MemberOf(object, key);
  if (!list.is_array()) return texts;
  for (const Json& item : list) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

int64_t SumOf(const Json& object, std::string_view key) {
  int64_t sum = 0;
  const Json& counts = MemberOf(object, key);
  if (!counts.is_object()) return sum;
  for (const Json& count : counts) {
    if (count.is_number_integer()) sum += count.get<int64_t>();
  }
  return sum;
}

}  // namespace tallyman::tally
