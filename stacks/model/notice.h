// Messages for the operator's log, besides the events of stacks.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_MODEL_NOTICE_H_
#define TALLYMAN_STACKS_MODEL_NOTICE_H_

#include <functional>
#include <string_view>

namespace tallyman::stacks {

struct Notice {
  enum class Severity {
    kInfo,
    kError,  // Something does not work; the operator may have to act.
  };
  Severity severity = Severity::kInfo;
  std::string_view event;  // A name, such as "keeper_lost".
  std::string_view what;   // A sentence for people.
};

using NoticeSink = std::function<void(const Notice&)>;

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_NOTICE_H_
