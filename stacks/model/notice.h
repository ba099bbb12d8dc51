// What an operator may want to know besides the events of stacks: for a log.

#ifndef TALLYMAN_STACKS_MODEL_NOTICE_H_
#define TALLYMAN_STACKS_MODEL_NOTICE_H_

#include <functional>
#include <string_view>

namespace tallyman::stacks {

struct Notice {
  enum class Severity {
    kInfo,
    kError,  // Something does not work, and may want to be looked after.
  };
  Severity severity = Severity::kInfo;
  std::string_view event;  // A name, such as "keeper_lost".
  std::string_view what;   // In words.
};

using NoticeSink = std::function<void(const Notice&)>;

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_NOTICE_H_
