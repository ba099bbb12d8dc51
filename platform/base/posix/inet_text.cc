#include "platform/base/inet_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

namespace tallyman::base {

bool InetToBytes(bool is_v6, const char* text, uint8_t* bytes) {
  return inet_pton(is_v6 ? AF_INET6 : AF_INET, text, bytes) == 1;
}

std::string InetToText(bool is_v6, const uint8_t* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes, text.data(), text.size());
  return text.data();
}

}  // namespace tallyman::base
