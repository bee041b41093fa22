-- What wrk sends: bookings with fresh bodies, reads of bookings, lists and
-- seat maps, over kept connections, one request at a time on each.
--
-- wrk itself drops what is in flight when its time is up, and then no count of
-- answers can equal the rows. So the sending ends here, not there: after
-- `seconds` (or `count` requests, a few more if they start together) every
-- connection is put off by delay(), the answers under way come in, and the
-- last one ends wrk by its own SIGINT handler. One thread, so that this state is the only one.
--
-- Arguments after the URL: name=value, see `given`; one JSON line comes out.

local ffi = require("ffi")
ffi.cdef [[
struct bench_time { long s, ns; };
int clock_gettime(int clock, struct bench_time *time);
int kill(int pid, int number);
int getpid(void);
]]
local MONOTONIC, SIGINT = 1, 2
local FOREVER_MS = 3600000

local given = {
    create = "0", get = "0", list = "0", cursor = "0", seats = "0",
    -- shares, in percent; cursor: a list's pages, one behind the other
    seconds = "0", count = "0",  -- when to stop sending
    tokens = "", -- a file of "USER TOKEN" lines
    users = "1", -- how many of them book, from the first on
    lister = "", -- the user whose bookings are listed
    bookings = "", -- a file of "BOOKING-ID USER" lines, to get
    created = "", -- a file that is written: "BOOKING-ID USER SEAT,SEAT"
    flight = "", flights = "1", -- a format of one number, and how many
    in_turn = "0", -- 1: the flights one after the other
    passengers = "2", salt = "",
}

local clock = ffi.new("struct bench_time")
local function now_us()
    ffi.C.clock_gettime(MONOTONIC, clock)
    return tonumber(clock.s) * 1e6 + tonumber(clock.ns) / 1e3
end

local shares, users, token_of, bookings = {}, {}, {}, {}
local sent, answered, late, began_us, last_us = 0, 0, 0, 0, 0
local statuses, created = {}, nil
totals = ""
local seen, limit, end_us, flights, passengers
local next_cursor -- of the page that came last; nil: from the beginning

local function read_lines(path, each)
    for line in io.lines(path) do
        local first, second = line:match("^(%S+) (%S+)")
        each(first, second)
    end
end

-- Globals: wrk asks this thread for them when all is over.
function setup(thread)
    _THREAD = thread
end

function init(arguments)
    for _, argument in ipairs(arguments) do
        local name, value = argument:match("^([a-z_]+)=(.*)$")
        assert(name and given[name], "unknown argument " .. argument)
        given[name] = value
    end
    math.randomseed(tonumber(now_us() % 2147483647))
    local sum = 0
    for _, kind in ipairs({ "create", "get", "list", "cursor", "seats" }) do
        sum = sum + tonumber(given[kind])
        shares[#shares + 1] = { kind = kind, up_to = sum }
    end
    assert(sum == 100, "the shares must make 100")
    read_lines(given.tokens, function(user, token)
        users[#users + 1] = user
        token_of[user] = "Bearer " .. token
    end)
    if given.bookings ~= "" then
        read_lines(given.bookings, function(id, user)
            bookings[#bookings + 1] = { id, token_of[user] }
        end)
    end
    if given.created ~= "" then
        created = assert(io.open(given.created, "w"))
    end
    limit = tonumber(given.count)
    limit = limit > 0 and limit or math.huge
    flights, passengers = tonumber(given.flights), tonumber(given.passengers)
end

local function letters(length)
    local codes = {}
    for i = 1, length do
        codes[i] = math.random(97, 122)
    end
    return string.char(unpack(codes))
end

local PASSENGER = '{"first_name":"%s","last_name":"%s",'
    .. '"email":"%s.%d.%d@example.com","phone_number":"+1%010d",'
    .. '"date_of_birth":"19%02d-%02d-%02d","passport_number":"P%07d%d",'
    .. '"is_primary":%s}'

local function passenger(number)
    return PASSENGER:format(letters(7), letters(6), given.salt, sent, number,
        math.random(0, 2147483646), math.random(50, 99), math.random(1, 12),
        math.random(1, 28), sent % 10000000, number,
        number == 0 and "true" or "false")
end

local function a_flight()
    local number = given.in_turn == "1" and sent % flights
        or math.random(0, flights - 1)
    return given.flight:format(number)
end

local JSON = "application/json"
local ask = {}

function ask.create()
    local list = {}
    for i = 1, passengers do
        list[i] = passenger(i - 1)
    end
    local user = given.lister ~= "" and given.get == "0" and given.lister
        or users[math.random(1, tonumber(given.users))]
    return wrk.format("POST", "/api/v1/bookings",
        { ["Authorization"] = token_of[user], ["Content-Type"] = JSON },
        '{"flight_id":"' .. a_flight() .. '","passengers":['
        .. table.concat(list, ",")
        .. '],"special_requests":"Window seat preferred"}')
end

function ask.get()
    local booking = bookings[math.random(1, #bookings)]
    return wrk.format("GET", "/api/v1/bookings/" .. booking[1],
        { ["Authorization"] = booking[2] })
end

function ask.list()
    return wrk.format("GET", "/api/v1/bookings/user/" .. given.lister
        .. "?limit=10&sort=-created_at&page=" .. math.random(1, 10),
        { ["Authorization"] = token_of[given.lister] })
end

function ask.cursor()
    return wrk.format("GET", "/api/v1/bookings/user/" .. given.lister
        .. "?limit=10" .. (next_cursor and "&cursor=" .. next_cursor or ""),
        { ["Authorization"] = token_of[given.lister] })
end

function ask.seats()
    return wrk.format("GET", "/api/v1/bookings/seats/" .. a_flight(),
        { ["Authorization"] = token_of[users[1]] })
end

local function is_over(now)
    return sent >= limit or (end_us and now >= end_us)
end

local function finish()
    if created then
        created:close()
        created = nil
    end
    ffi.C.kill(ffi.C.getpid(), SIGINT)
end

-- Asked before each request.
function delay()
    if not is_over(now_us()) then
        return 0
    end
    if answered >= sent then
        finish()
    end
    return FOREVER_MS
end

-- The first call is wrk's own, to see what requests look like; it is not sent.
function request()
    local now = now_us()
    if not seen then
        seen, sent = true, -1
    elseif began_us == 0 then
        began_us = now
        if given.seconds ~= "0" then
            end_us = now + tonumber(given.seconds) * 1e6
        end
    end
    local dice = math.random(1, 100)
    for _, share in ipairs(shares) do
        if dice <= share.up_to then
            local text = ask[share.kind]()
            sent = sent + 1
            return text
        end
    end
end

local function note_created(body)
    local id = body:match('"booking_id":"([^"]*)"')
    local user = body:match('"user_id":"([^"]*)"')
    local seats = body:match('"allocated_seats":%[([^%]]*)%]')
    if created and id then
        created:write(id, " ", user or "-", " ",
            ((seats or ""):gsub('"', "")), "\n")
    end
    if body:find("will follow", 1, true) then
        late = late + 1
    end
end

function response(status, _, body)
    answered = answered + 1
    last_us = now_us()
    statuses[status] = (statuses[status] or 0) + 1
    if status == 201 then
        note_created(body)
    end
    if given.cursor ~= "0" then
        next_cursor = body:match('"next_cursor":"([^"]*)"')
    end
    if is_over(last_us) then
        local parts = {}
        for code, count in pairs(statuses) do
            parts[#parts + 1] = ('"%d":%d'):format(code, count)
        end
        totals = ('"sent":%d,"answered":%d,"seconds":%.6f,"late":%d,'
            .. '"statuses":{%s}'):format(sent, answered,
            (last_us - began_us) / 1e6, late, table.concat(parts, ","))
    end
end

function done(_, latency)
    io.write(("{%s,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n")
        :format(_THREAD:get("totals"), latency:percentile(50) / 1000,
            latency:percentile(99) / 1000, latency.max / 1000))
end
