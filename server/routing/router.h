// The table of routes: from a path to its resource, and from a method to its
// operation and handler. The operations state everything else: path, scope,
// parameters, answers. The description of the API is made from operations().
//
//   Router router;
//   router.Add(api::kListHostProcesses, handler);
//   std::optional<RouteMatch> match = router.Match("/server/processes");

#ifndef TALLYMAN_SERVER_ROUTING_ROUTER_H_
#define TALLYMAN_SERVER_ROUTING_ROUTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/types/span.h"
#include "api/description/operation.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/token.h"

namespace tallyman::server {

using api::ApiFamily;

// The input of a handler; valid during the call.
struct RequestContext {
  const api::Request& request;
  // The values of the {name}s of the pattern, decoded, in order.
  const std::vector<std::string>& path_params;
  api::Mount mount;
  const api::Operation& operation;
  // The name of the token; "" if the operation needs none.
  std::string_view user = {};
  int64_t token_id = 0;        // 0 if the operation needs none.
  auth::ScopeSet scopes = {};  // Of the token.
  // Of the session that stands in for the token; 0 if there is none.
  int64_t session_id = 0;
  // The IP address of the client and whether its connection is https, as seen
  // by the outermost trusted proxy.
  std::string_view client_address = {};
  bool is_https = false;
};

// A response, or an error, which the dispatcher renders in the format of the
// family.
using HandlerResult = std::variant<api::Response, api::Error>;

using Handler = std::function<HandlerResult(const RequestContext&)>;

// One method of a resource.
struct Endpoint {
  const api::Operation* operation;
  Handler handler;
  // The handler takes microseconds and never blocks: it runs on the thread that
  // waits for all connections.
  bool is_fast = false;
  // Of `operation` in Router::operations().
  size_t index = 0;
};

// By method. GET includes HEAD.
using Endpoints = std::map<std::string, Endpoint, std::less<>>;

struct Resource {
  ApiFamily family;
  bool has_suffix;  // The path may end in ".json".
  Endpoints endpoints;

  // The endpoint of `method`; null if the resource has none.
  const Endpoint* Find(std::string_view method) const;

  // The value of the Allow header: "GET, HEAD, OPTIONS".
  std::string Allow() const;
};

struct RouteMatch {
  const Resource* resource;
  std::vector<std::string> path_params;
  api::Mount mount;
};

// Fill it at start. Match() is thread-safe from then on.
class Router {
 public:
  // `handler` answers `operation`, which must outlive the router; `is_fast` as
  // in Endpoint. Dies (CHECK) if the operation is malformed, or its method and
  // path are taken.
  void Add(const api::Operation& operation, Handler handler,
           bool is_fast = false);

  // The resource at `path`, which is percent-encoded and may end in a slash. If
  // several patterns match, the one added first wins. nullopt if none matches.
  // The resource lives as long as the router.
  std::optional<RouteMatch> Match(std::string_view path) const;

  // All operations, in the order in which they were added.
  absl::Span<const api::Operation* const> operations() const {
    return operations_;
  }

  // The value of the Allow header of the server as a whole.
  std::string Allow() const;

 private:
  struct Route {
    std::vector<std::string> segments;
    api::Mount mount;
    std::shared_ptr<const Resource> resource;
  };

  Resource& FindOrAddResource(const api::Operation& operation);

  std::vector<Route> routes_;
  // By the path of their operations.
  std::map<std::string_view, std::shared_ptr<Resource>> resources_;
  std::vector<const api::Operation*> operations_;
};

// The family of a path that no resource has, for the format of its error.
ApiFamily ApiFamilyOfPath(std::string_view path);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_ROUTER_H_
