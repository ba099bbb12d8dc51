// Which pages of other origins may read answers: CORS, as the Fetch standard
// (https://fetch.spec.whatwg.org/#http-cors-protocol) defines it.

#ifndef TALLYMAN_SERVER_ROUTING_CORS_H_
#define TALLYMAN_SERVER_ROUTING_CORS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "api/http/http.h"

namespace tallyman::server {

// The origins that may. Immutable and thread-safe.
class CorsPolicy {
 public:
  // "*" for all, "" for none, or origins such as "https://ops.example.com"
  // divided by commas. InvalidArgument names what is no origin.
  static absl::StatusOr<CorsPolicy> Parse(std::string_view origins);

  // Adds to `response` what allows the page that sent `request` to read it.
  void AddHeaders(const api::Request& request, api::Response& response) const;

  // Adds to the answer of an OPTIONS request what a preflight asks about:
  // `allow` are the methods.
  void AddPreflightHeaders(const api::Request& request, std::string_view allow,
                           api::Response& response) const;

 private:
  // The value of Access-Control-Allow-Origin; "" if the page may not.
  std::string AllowedOrigin(const api::Request& request) const;

  bool any_ = false;
  std::vector<std::string> origins_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_CORS_H_
