#include "server/routing/router.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "api/description/operation.h"
#include "api/http/params.h"
#include "api/stacks/stacks_envelope.h"

namespace tallyman::server {
namespace {

constexpr std::string_view kJsonSuffix = ".json";

using Segments = absl::InlinedVector<std::string_view, 8>;

// Splits "/a/b/" into {"a", "b"}, before decoding: an encoded slash is part of
// a segment. "/" has no segment, "//" an empty one.
Segments Split(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  Segments segments;
  if (path.empty()) return segments;
  if (path.ends_with('/')) path.remove_suffix(1);
  while (true) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool IsParam(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

// Whether `path`, with `last` as its last segment, matches `pattern`.
bool Matches(const std::vector<std::string>& pattern, const Segments& path,
             std::string_view last) {
  if (pattern.size() != path.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view segment = i + 1 == path.size() ? last : path[i];
    if (IsParam(pattern[i]) ? segment.empty() : pattern[i] != segment) {
      return false;
    }
  }
  return true;
}

// The values of the {name}s of `pattern` in `path`, which matches it with
// `last` as its last segment.
std::vector<std::string> ParamsOf(const std::vector<std::string>& pattern,
                                  const Segments& path, std::string_view last) {
  std::vector<std::string> params;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (IsParam(pattern[i])) {
      params.emplace_back(i + 1 == path.size() ? last : path[i]);
    }
  }
  return params;
}

// Dies if the parameters of the path are not those of its segments.
void CheckPath(const api::Operation& operation) {
  size_t params = 0;
  for (const std::string_view segment : Split(operation.path)) {
    if (!IsParam(segment)) continue;
    CHECK_LT(params, operation.path_parameters.size()) << operation.path;
    CHECK_EQ(absl::StrCat("{", operation.path_parameters[params]->name, "}"),
             segment);
    ++params;
  }
  CHECK_EQ(params, operation.path_parameters.size()) << operation.path;
}

}  // namespace

const Endpoint* Resource::Find(std::string_view method) const {
  const auto endpoint = endpoints.find(method == "HEAD" ? "GET" : method);
  return endpoint == endpoints.end() ? nullptr : &endpoint->second;
}

std::string Resource::Allow() const {
  std::string allow;
  for (const auto& [method, endpoint] : endpoints) {
    absl::StrAppend(&allow, method, ", ");
    if (method == "GET") absl::StrAppend(&allow, "HEAD, ");
  }
  return absl::StrCat(allow, "OPTIONS");
}

void Router::Add(const api::Operation& operation, Handler handler,
                 bool is_fast) {
  CheckPath(operation);
  Resource& resource = FindOrAddResource(operation);
  const auto [endpoint, is_new] = resource.endpoints.try_emplace(
      std::string(operation.method), Endpoint{.operation = &operation,
                                              .handler = std::move(handler),
                                              .is_fast = is_fast,
                                              .index = operations_.size()});
  CHECK(is_new) << operation.method << " " << operation.path;
  operations_.push_back(&operation);
}

Resource& Router::FindOrAddResource(const api::Operation& operation) {
  std::shared_ptr<Resource>& resource = resources_[operation.path];
  const bool has_suffix = api::IsBelowApi3(operation);
  if (resource != nullptr) {
    CHECK(resource->family == operation.family) << operation.path;
    CHECK(resource->has_suffix == has_suffix) << operation.path;
    return *resource;
  }
  resource = std::make_shared<Resource>(
      Resource{.family = operation.family, .has_suffix = has_suffix});
  const auto add = [&](std::string_view path, api::Mount mount) {
    const Segments segments = Split(path);
    routes_.push_back({{segments.begin(), segments.end()}, mount, resource});
  };
  add(operation.path, api::Mount::kPlain);
  if (has_suffix) {
    add(absl::StrCat("/api/3", operation.path), api::Mount::kApi3);
  }
  return *resource;
}

std::string Router::Allow() const {
  Resource all;
  for (const api::Operation* const operation : operations_) {
    all.endpoints.try_emplace(std::string(operation->method));
  }
  return all.Allow();
}

std::optional<RouteMatch> Router::Match(std::string_view path) const {
  Segments segments = Split(path);
  std::vector<std::string> decoded;  // Backs `segments` if any is encoded.
  if (path.find('%') != std::string_view::npos) {
    decoded.reserve(segments.size());
    for (std::string_view& segment : segments) {
      segment = decoded.emplace_back(api::DecodePercent(segment));
    }
  }
  const std::string_view last =
      segments.empty() ? std::string_view() : segments.back();
  std::string_view bare = last;
  if (bare.ends_with(kJsonSuffix)) bare.remove_suffix(kJsonSuffix.size());
  for (const Route& route : routes_) {
    const std::string_view end = route.resource->has_suffix ? bare : last;
    if (Matches(route.segments, segments, end)) {
      return RouteMatch{route.resource.get(),
                        ParamsOf(route.segments, segments, end), route.mount};
    }
  }
  return std::nullopt;
}

ApiFamily ApiFamilyOfPath(std::string_view path) {
  return path == "/server" || path.starts_with("/server/") ? ApiFamily::kHost
                                                           : ApiFamily::kStacks;
}

}  // namespace tallyman::server
