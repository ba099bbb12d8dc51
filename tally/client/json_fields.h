// Members of the server's JSON. No function throws: a member of another type
// counts as absent. Thread-safe.

#ifndef TALLYMAN_TALLY_CLIENT_JSON_FIELDS_H_
#define TALLYMAN_TALLY_CLIENT_JSON_FIELDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tally/client/api.h"

namespace tallyman::tally {

// A string; "" if absent.
std::string TextOf(const Json& object, std::string_view key);

// An integer; nullopt if absent.
std::optional<int64_t> NumberOf(const Json& object, std::string_view key);

// False if absent.
bool FlagOf(const Json& object, std::string_view key);

// An array or an object; null if absent.
const Json& MemberOf(const Json& object, std::string_view key);

// The strings of an array; none if absent.
std::vector<std::string> TextsOf(const Json& object, std::string_view key);

// The sum of the integers of an object, such as the counts by server.
int64_t SumOf(const Json& object, std::string_view key);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLIENT_JSON_FIELDS_H_
