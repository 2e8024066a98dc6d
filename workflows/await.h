// Waiting for a call with a callback in a coroutine. Brings Asio with it: for .cpp files of nodes only.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace rowhook {

// Runs start(done), where `done` is a std::function<void(T)> to be called once from any thread, and gives
// what it was called with. The coroutine goes on on its own executor, which counts this as work until then.
template <typename T, typename Start>
boost::asio::awaitable<T> awaited(Start start) {
  namespace asio = boost::asio;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(T)>(
      [&start](auto handler) {
        auto executor = asio::prefer(asio::get_associated_executor(handler),
                                     asio::execution::outstanding_work_t::tracked);
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        start([waiting, executor](T value) {
          asio::post(executor, [waiting, value = std::move(value)]() mutable {
            std::move (*waiting)(std::move(value));
          });
        });
      },
      asio::use_awaitable);
}

}  // namespace rowhook
