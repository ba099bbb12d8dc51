#include "server/routing/router.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "api/http/params.h"
#include "api/stacks/stacks_envelope.h"

namespace tallyman::server {
namespace {

constexpr std::string_view kJsonSuffix = ".json";

using Segments = absl::InlinedVector<std::string_view, 8>;

// Splits "/a/b/" into {"a", "b"}, before decoding: an encoded slash is part of
// a segment.
Segments Split(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  Segments segments;
  if (path.empty()) return segments;
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

void Router::Add(std::string_view pattern, ApiFamily family,
                 Endpoints endpoints) {
  const auto resource =
      std::make_shared<const Resource>(Resource{family, std::move(endpoints)});
  const auto add = [&](std::string_view path, api::Mount mount) {
    const Segments segments = Split(path);
    routes_.push_back({{segments.begin(), segments.end()}, mount, resource});
  };
  add(pattern, api::Mount::kPlain);
  if (family == ApiFamily::kStacks) {
    add(absl::StrCat("/api/3", pattern), api::Mount::kApi3);
  }
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
    const std::string_view end =
        route.resource->family == ApiFamily::kStacks ? bare : last;
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
