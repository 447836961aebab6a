/* Both headers, for a C compiler that is strict; and the layout that programs of the original library were compiled with. */
#include <parley/c/parley.h>
#include <parley/c/wsclient/wsclient.h>

_Static_assert(sizeof(wsClient) == 72, "wsClient");
_Static_assert(offsetof(wsClient, sendMessagefromTerminal) == 64, "wsClient");
_Static_assert(sizeof(wsJson) == 328, "wsJson");
_Static_assert(offsetof(wsJson, stringValue) == 72, "wsJson");
_Static_assert(sizeof(parley_error) == 256, "parley_error");

int both(const parley_error* why, const wsClient* client);
int both(const parley_error* why, const wsClient* client) { return why->code == PARLEY_OK && client->username != NULL; }
