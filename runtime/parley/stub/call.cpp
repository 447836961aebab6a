#include "parley/stub/call.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

error call::refuse(std::string_view reason, std::string text) {
  if (!what_ || !what_->names_refusal || !what_->names_refusal(reason))
    raise(std::invalid_argument("call.fail: not a value of the enum that the schema gives in `errors` of " +
                                std::string(what_ ? what_->name : "this method")));
  error e{errc::failed, std::move(text)};
  e.reason_name = reason;
  return fail(std::move(e));
}

}  // namespace parley
