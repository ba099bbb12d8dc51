#include "stacks/model/preview.h"

#include <string_view>

namespace tallyman::stacks {

std::string_view ProcessChangeName(ProcessChange change) {
  switch (change) {
    case ProcessChange::kNone:
      return "none";
    case ProcessChange::kAdded:
      return "added";
    case ProcessChange::kChanged:
      return "changed";
    case ProcessChange::kRemoved:
      return "removed";
  }
  return "unknown";
}

}  // namespace tallyman::stacks
