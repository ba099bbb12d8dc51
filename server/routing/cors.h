// CORS: the pages of other origins that may read responses, by the Fetch
// standard (https://fetch.spec.whatwg.org/#http-cors-protocol).

#ifndef TALLYMAN_SERVER_ROUTING_CORS_H_
#define TALLYMAN_SERVER_ROUTING_CORS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "api/http/http.h"

namespace tallyman::server {

// A set of allowed origins. Immutable and thread-safe.
class CorsPolicy {
 public:
  // Reads "*" (all origins), "" (none), or a comma-separated list of origins
  // such as "https://ops.example.com". InvalidArgument quotes the item that is
  // no origin.
  static absl::StatusOr<CorsPolicy> Parse(std::string_view origins);

  // Adds the headers that let the page that sent `request` read `response`.
  void AddHeaders(const api::Request& request, api::Response& response) const;

  // Adds the headers that answer a preflight to the response for an OPTIONS
  // request. `allow` lists the methods of the resource.
  void AddPreflightHeaders(const api::Request& request, std::string_view allow,
                           api::Response& response) const;

 private:
  // The value of Access-Control-Allow-Origin; "" if the origin is not allowed.
  std::string AllowedOrigin(const api::Request& request) const;

  bool any_ = false;
  std::vector<std::string> origins_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_CORS_H_
