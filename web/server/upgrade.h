// The opening handshake of a WebSocket (RFC 6455 section 4).
#pragma once

#include <string>
#include <string_view>

#include "web/server/api.h"

namespace rowhook {

// The token of a handshake: of the Authorization field, or, as browsers cannot set that one, of a subprotocol
// `rowhook.token.TOKEN` offered beside `rowhook`. "" when there is none. Throws HttpError 401 for another
// scheme.
std::string_view websocket_token(const ApiRequest& request);

// The head of the answer that agrees, with `date_field` in it. "" when the request is not a handshake of
// version 13: it is answered as any other. Throws HttpError 400 when its key or its subprotocols are not
// right.
std::string websocket_head(const ApiRequest& request, std::string_view date_field);

}  // namespace rowhook
