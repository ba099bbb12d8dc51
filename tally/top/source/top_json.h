// The JSON of the API as values of tally top. Members that are missing, or of
// another type, are unknown: a newer server has others.

#ifndef TALLYMAN_TALLY_TOP_SOURCE_TOP_JSON_H_
#define TALLYMAN_TALLY_TOP_SOURCE_TOP_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nlohmann/json.hpp"
#include "tally/client/json_fields.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/stack_values.h"

namespace tallyman::tally {

// The number of a member; `unknown` if there is none. See also TextOf() of
// tally/client/json_fields.h.
int64_t IntegerOr(const nlohmann::ordered_json& object, std::string_view key,
                  int64_t unknown = 0);

// The data of the events of docs/process-streams.md. nullopt if it is none.
std::optional<ProcessSnapshot> ReadSnapshot(const nlohmann::ordered_json& data);
std::optional<ProcessDifference> ReadDifference(
    const nlohmann::ordered_json& data);
// An object of the answer to GET /server/processes/{pid}.
ProcessDetails ReadDetails(const nlohmann::ordered_json& process);

Stack ReadStack(const nlohmann::ordered_json& stack);
StackServer ReadServer(const nlohmann::ordered_json& server);
StackProcess ReadProcess(const nlohmann::ordered_json& process);
StackEvent ReadEvent(const nlohmann::ordered_json& event);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_SOURCE_TOP_JSON_H_
