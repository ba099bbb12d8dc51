// Events of the audit log as lines for people.

#ifndef TALLYMAN_TALLY_EVENTS_EVENT_LINE_H_
#define TALLYMAN_TALLY_EVENTS_EVENT_LINE_H_

#include <map>
#include <string>

#include "tally/client/api.h"
#include "tally/terminal/output.h"

namespace tallyman::tally {

// "2026-11-28 10:31:53  started          shop/web.2  pid 1334, wanted". The
// time is that of the local zone. `labels`: those of stacks, by uid.
std::string EventLine(const Json& event,
                      const std::map<std::string, std::string>& labels,
                      const Output& out);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_EVENTS_EVENT_LINE_H_
