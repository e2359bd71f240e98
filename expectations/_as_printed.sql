-- What a fact is when printed: the printed figure where that is the fact rounded half up, else the
-- fact itself.
create temp macro as_printed(fact, printed, half_place) as
case
    when printed - fact > -half_place and printed - fact <= half_place then printed
    else fact
end
