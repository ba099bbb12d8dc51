// The values of filters of processes that are more than plain words.

#ifndef TALLYMAN_API_HOST_PROCESS_FILTERS_H_
#define TALLYMAN_API_HOST_PROCESS_FILTERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tallyman::api {

// "1048576", "1024K", "1M": bytes; K, M, G and T, in either case, stand for
// powers of 1024. nullopt if `text` is no such number or is over 2^63 - 1.
std::optional<int64_t> ParseByteSize(std::string_view text);

// The full name of a unit of systemd: a name without a type is a service, as
// for systemctl(1). "nginx" is "nginx.service".
std::string UnitName(std::string_view text);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_PROCESS_FILTERS_H_
