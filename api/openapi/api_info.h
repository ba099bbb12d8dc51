// The facts about the API as a whole that its two documents share.

#ifndef TALLYMAN_API_OPENAPI_API_INFO_H_
#define TALLYMAN_API_OPENAPI_API_INFO_H_

#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "api/description/operation.h"

namespace tallyman::api {

using Operations = absl::Span<const Operation* const>;

inline constexpr std::string_view kApiTitle = "Tallyman";
inline constexpr std::string_view kApiSummary =
    "What is running on this machine, and: run this many of that.";
inline constexpr std::string_view kLicence = "Apache-2.0";

// Paragraphs in CommonMark, for what no single operation states.
inline constexpr std::string_view kApiRules[] = {
    ("Resources of stacks have two mounts. At the root a single resource is a "
     "list of one; below `/api/3` it is the object itself, with more in it. In "
     "both, a path may end in `.json` or `/`."),
    ("An address that answers `GET` also answers `HEAD`, and each answers "
     "`OPTIONS` without a token, with the header `Allow`."),
    ("Send a token as `Authorization: Bearer TOKEN`. The scope `admin` "
     "includes `public`. Each request counts, also one that fails."),
    ("Pages of this server may use a session in its place: the cookie and the "
     "header `X-Tallyman-Session` of `POST /session`."),
    ("Errors below `/server` have a format of their own. A request that ends "
     "before its address is known, or that is not HTTP, gets the other one."),
    ("A parameter of the query that is not listed here is an error 400, which "
     "names the nearest one that is."),
};

// The tags of `operations`, in their order.
std::vector<const Tag*> TagsOf(Operations operations);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OPENAPI_API_INFO_H_
