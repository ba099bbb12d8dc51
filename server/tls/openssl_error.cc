#include "server/tls/openssl_error.h"

#include <openssl/err.h>

#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace tallyman::server {
namespace {

// SSL_R_RECORD_LAYER_FAILURE. From 3.2 on OpenSSL adds it after the reason why
// a record is bad; the headers of older ones do not have it.
constexpr int kRecordLayerFailure = 313;

bool IsRecordLayerFailure(unsigned long error) {  // NOLINT: OpenSSL's type.
  return ERR_GET_LIB(error) == ERR_LIB_SSL &&
         ERR_GET_REASON(error) == kRecordLayerFailure;
}

}  // namespace

std::string TakeOpensslError() {
  auto error = ERR_get_error();
  while (const auto next = ERR_get_error()) {
    if (!IsRecordLayerFailure(next)) error = next;
  }
  if (error == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(error)) {
    return std::generic_category().message(ERR_GET_REASON(error));
  }
  if (const char* const reason = ERR_reason_error_string(error)) return reason;
  return absl::StrCat("OpenSSL error ", absl::Hex(error));
}

}  // namespace tallyman::server
