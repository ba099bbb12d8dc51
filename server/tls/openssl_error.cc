#include "server/tls/openssl_error.h"

#include <openssl/err.h>

#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace tallyman::server {

std::string TakeOpensslError() {
  const auto error = ERR_peek_last_error();
  ERR_clear_error();
  if (error == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(error)) {
    return std::generic_category().message(ERR_GET_REASON(error));
  }
  if (const char* const reason = ERR_reason_error_string(error)) return reason;
  return absl::StrCat("OpenSSL error ", absl::Hex(error));
}

}  // namespace tallyman::server
