// The completion token of a generated function that is called without one. Does not use Asio.
#pragma once

namespace parley {

// Generated headers name this type instead of a type of Asio. stub/asio.hpp makes it a coroutine's
// token. A program without that header always gives a callback.
struct default_token {};

}  // namespace parley
