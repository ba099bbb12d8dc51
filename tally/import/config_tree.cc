#include "tally/import/config_tree.h"

#include <string_view>

namespace tallyman::tally {

const ConfigMember* ConfigValue::Find(std::string_view key) const {
  for (const ConfigMember& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

}  // namespace tallyman::tally
