// The version of Tallyman.

#ifndef TALLYMAN_SERVER_VERSION_H_
#define TALLYMAN_SERVER_VERSION_H_

#include <string_view>

namespace tallyman::server {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_VERSION_H_
