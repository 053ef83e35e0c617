//! `pointcast watch`, against a gateway that follows a script.

use std::convert::Infallible;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::program::{Program, run};

/// A gateway of which only the wire exists.
struct Script {
    listener: TcpListener,
    url: String,
}

const CONNECT: &str = "id: c.1.0.0\nevent: connect\nretry: 10\n\
    data: {\"client\":\"c\",\"resumed\":false,\"reset\":null,\"heartbeat_ms\":60000}\n\n";

fn changes(id: &str, points: &str) -> String {
    format!("id: {id}\nevent: points\ndata: {{\"points\":[{points}]}}\n\n")
}

fn point(id: &str, value: &str) -> String {
    format!(r#"{{"id":"{id}","value":{value},"quality":"good","time":3723004}}"#)
}

impl Script {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, url }
    }

    /// The next connection and the head of its request. The list of points is answered on the way.
    async fn request(&self) -> (TcpStream, String) {
        loop {
            let (socket, _) = self.listener.accept().await.unwrap();
            let mut socket = BufReader::new(socket);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                socket.read_line(&mut head).await.unwrap();
            }
            let mut socket = socket.into_inner();
            if !head.starts_with("GET /api/v1/points?") {
                return (socket, head);
            }
            let of_none =
                ["match=b&", "match=c&", "match=c/**&"].iter().any(|part| head.contains(part));
            let page = if of_none {
                r#"{"points":[],"cursor":null}"#
            } else {
                r#"{"points":[{"id":"b/t","unit":"°C"},{"id":"b/mode","labels":{"1":"day"}}],"cursor":null}"#
            };
            answer(&mut socket, "200 OK", "application/json", page).await;
        }
    }

    /// A stream that has begun with `events`.
    async fn stream(&self, events: &str) -> (TcpStream, String) {
        let (mut socket, head) = self.request().await;
        let text = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{events}");
        socket.write_all(text.as_bytes()).await.unwrap();
        (socket, head)
    }

    /// Answers every stream with a refusal, for ever.
    async fn refuse(&self, status: &str, kind: &str, body: &str) -> Infallible {
        loop {
            let (mut socket, _) = self.request().await;
            answer(&mut socket, status, kind, body).await;
        }
    }
}

async fn answer(socket: &mut TcpStream, status: &str, kind: &str, body: &str) {
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(text.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn changes_are_lines_and_ctrl_c_is_a_good_end() {
    let script = Script::new().await;
    let mut program = Program::start(&["watch", "b/**", "a b/*", "--url", &script.url]);
    let first = [point("b/t", "71.4"), point("b/mode", "1"), point("a b/c", "\"x\\u001b[2J\"")];
    let (mut stream, head) = script.stream(CONNECT).await;
    assert!(head.starts_with("GET /api/v1/stream?points=b/**,a%20b/* HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("accept: text/event-stream\r\n") && !head.contains("last-event-id"));
    // The list of units is asked for on a connection of its own, which the script answers meanwhile.
    let serve = async { script.request().await };
    let follow = async {
        assert_eq!(
            program.said("following").await,
            format!("following b/** a b/* at {}", script.url)
        );
        stream.write_all(changes("c.1.3.1", &first.join(",")).as_bytes()).await.unwrap();
        assert_eq!(program.line().await, "01:02:03.004  b/t  71.4 °C");
        assert_eq!(program.line().await, "01:02:03.004  b/mode  1 day");
        assert_eq!(program.line().await, "01:02:03.004  a b/c   x\\u{1b}[2J");
        program.signal("INT").await;
        program.ended().await
    };
    let ended = tokio::select! {
        _ = serve => panic!("a second stream was asked for"),
        ended = follow => ended,
    };
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test]
async fn a_pattern_that_matches_nothing_is_named_with_what_may_be_meant() {
    let script = Script::new().await;
    let mut program = Program::start(&["watch", "b", "b/t", "c", "--url", &script.url]);
    let (_stream, _) = script.stream(CONNECT).await;
    let serve = async { script.request().await };
    let follow = async {
        program.said("nothing matches 'b'; is 'b/**' meant?").await;
        program.said("nothing matches 'c' yet").await;
    };
    tokio::select! {
        _ = serve => panic!("a second stream was asked for"),
        () = follow => {}
    }
}

#[tokio::test]
async fn a_lost_stream_goes_on_where_it_ended() {
    let script = Script::new().await;
    let mut program = Program::start(&["watch", "--url", &script.url]);
    let begin = format!("{CONNECT}{}", changes("c.1.5.1", &point("a", "1")));
    let (stream, _) = script.stream(&begin).await;
    // An event that was cut off does not count: its id must not be resumed after.
    let serve = async {
        let (mut again, head) = script.stream("").await;
        assert!(head.contains("last-event-id: c.1.5.1\r\n"), "{head}");
        let resumed = CONNECT.replace("\"resumed\":false", "\"resumed\":true");
        again.write_all(resumed.as_bytes()).await.unwrap();
        again.write_all(changes("c.1.6.1", &point("a", "2")).as_bytes()).await.unwrap();
        drop(again);
        let (mut third, head) = script.stream("").await;
        assert!(head.contains("last-event-id: c.1.6.1\r\n"), "{head}");
        let reset = CONNECT.replace("\"reset\":null", "\"reset\":\"restart\"");
        third.write_all(reset.as_bytes()).await.unwrap();
        script.request().await;
    };
    let follow = async {
        assert!(program.line().await.ends_with("  a  1"));
        let mut stream = stream;
        stream.write_all(b"id: c.1.9.1\nevent: points\ndata: {").await.unwrap();
        drop(stream);
        program.said("the gateway ended the stream; next try in").await;
        program.said("connected again; what changed meanwhile follows").await;
        assert!(program.line().await.ends_with("  a  2"));
        program.said("the gateway was restarted: every value comes anew").await;
    };
    tokio::select! {
        () = serve => panic!("a fourth stream was asked for"),
        () = follow => {}
    }
}

fn notice(id: u32, text: &str) -> String {
    format!(
        "event: notice\ndata: {{\"id\":{id},\"severity\":\"warning\",\"text\":\"{text}\",\"from\":\"::1\",\"time\":3723004}}\n\n"
    )
}

#[tokio::test]
async fn notices_are_told_once_and_deleted_points_are_lines() {
    let script = Script::new().await;
    let mut program = Program::start(&["watch", "--url", &script.url]);
    let resumed = CONNECT.replace("\"resumed\":false", "\"resumed\":true");
    let begin = format!("{resumed}{}{}", changes("c.1.5.1", &point("a", "1")), notice(7, "one"));
    let (stream, _) = script.stream(&begin).await;
    assert!(program.line().await.ends_with("  a  1"));
    assert_eq!(program.said("notice").await, "01:02:03.004  notice (warning) from ::1: one");
    drop(stream);
    let removed = "id: c.1.6.1\nevent: removed\ndata: {\"points\":[\"a\"],\"why\":\"deleted\"}\n\n";
    let again = format!("{resumed}{}{removed}{}", notice(7, "one"), notice(8, "two"));
    let (_stream, _) = script.stream(&again).await;
    assert_eq!(program.line().await, "--:--:--.---  a  removed (deleted)");
    assert_eq!(program.said("notice").await, "01:02:03.004  notice (warning) from ::1: two");
}

#[tokio::test]
async fn silence_of_two_heartbeats_is_a_lost_connection() {
    let script = Script::new().await;
    let mut program = Program::start(&["watch", "--url", &script.url]);
    let connect = CONNECT.replace("60000", "100").replace("\"resumed\":false", "\"resumed\":true");
    let (_held, _) = script.stream(&connect).await;
    program.said("nothing came for 200 ms; next try in").await;
    let (_again, head) = script.request().await;
    assert!(head.contains("last-event-id: c.1.0.0\r\n"), "{head}");
}

#[tokio::test]
async fn a_refusal_that_will_not_change_is_told_and_ends_with_one() {
    let script = Script::new().await;
    let body = r#"{"title":"t","status":400,"detail":"points: a segment is empty"}"#;
    let arguments = ["watch", "a//b", "--url", &script.url];
    let ended = tokio::select! {
        never = script.refuse("400 Bad Request", "application/problem+json", body) => match never {},
        ended = run(&arguments) => ended,
    };
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr, "the gateway answered 400 Bad Request: points: a segment is empty\n");
    let ended = tokio::select! {
        never = script.refuse("200 OK", "text/html", "<html>") => match never {},
        ended = run(&arguments) => ended,
    };
    assert_eq!(ended.code, Some(1));
    let why = format!("{} is no gateway: it answered with \"text/html\"\n", script.url);
    assert_eq!(ended.stderr, why);
}

#[tokio::test]
async fn a_refusal_that_may_pass_is_tried_again() {
    let script = Script::new().await;
    let mut program = Program::start(&["watch", "--url", &script.url]);
    let (mut socket, _) = script.request().await;
    answer(&mut socket, "503 Service Unavailable", "text/plain", "").await;
    program.said("the gateway answered 503 Service Unavailable; next try in").await;
    script.request().await;
}

#[tokio::test]
async fn a_reader_that_went_away_is_a_good_end() {
    let script = Script::new().await;
    let mut program = Program::start(&["watch", "--url", &script.url]);
    let resumed = CONNECT.replace("\"resumed\":false", "\"resumed\":true");
    let (mut stream, _) = script.stream(&resumed).await;
    stream.write_all(changes("c.1.1.1", &point("a", "1")).as_bytes()).await.unwrap();
    program.line().await;
    program.close_stdout();
    stream.write_all(changes("c.1.2.1", &point("a", "2")).as_bytes()).await.unwrap();
    assert_eq!(program.rest().await.code, Some(0));
}

#[tokio::test]
async fn what_cannot_be_spoken_is_refused_at_once() {
    let ended = run(&["watch", "--url", "https://127.0.0.1:1"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("plain http only, without TLS"), "{}", ended.stderr);
}
